/**
 * ONNX Runtime's native form, for everything in underfoot that runs it. From 1.29 on its official builds report what
 * they run (model names and hashes, operating system, a device id kept in ~/.cache/Microsoft) to their maker, and leave
 * files in the temporary folder. A robot tells nobody but its broker what it does, so that is off before the first
 * session: the library reads the variable then, once for the life of the process.
 */
import { InferenceSession, Tensor } from 'onnxruntime-node';

process.env.ORT_DISABLE_TELEMETRY = '1';

export { InferenceSession, Tensor };
