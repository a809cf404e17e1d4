"""One epoch of PyTorch on one thread at (98, 100, 1), LSTM(units), batch 32, RMSprop, for each line on stdin; prints its seconds, and those on the processor."""
import os, sys, time
if "--plain" in sys.argv:
    import torch
    torch.backends.mkldnn.enabled = False
import torch, torch.nn as nn
torch.set_num_threads(1)
units = int(sys.argv[1])
x, y = torch.randn(98, 100, 1), torch.arange(98) % 6
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.out = nn.LSTM(1, units, batch_first=True), nn.Linear(units, 6)
    def forward(self, x):
        return self.out(self.lstm(x)[0][:, -1])
net = Net()
optimiser = torch.optim.RMSprop(net.parameters(), lr=1e-3, alpha=.9)
print(torch.__version__, flush=True)
for line in sys.stdin:
    start, cpu = time.perf_counter(), time.process_time()
    for i in range(0, 98, 32):
        optimiser.zero_grad()
        nn.functional.cross_entropy(net(x[i:i + 32]), y[i:i + 32]).backward()
        optimiser.step()
    print(time.perf_counter() - start, time.process_time() - cpu, flush=True)
