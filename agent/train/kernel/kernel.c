/*
 * The training kernel: a whole-sequence LSTM, forward with saved activations and backward, and a matrix product for
 * the layers around it. float32, WebAssembly SIMD-128, one thread, no library. Built twice by scripts/build-kernel.ts:
 * kernel.wasm, and with -DRELAXED kernel-relaxed.wasm, whose multiply-adds are fused.
 *
 * Nearly all of the time goes to three products, so all operands lie as the inner loop reads them, in two streams: the
 * left one in strips of 4 rows, [rows/4][depth][4], the right one in panels of 8 columns, [columns/8][depth][8]. What is
 * made is written at once in the layouts in which it is needed next; weights are cut once a pass. The weights' gradient is
 * one product over many steps, so that its sums stay in registers and not in memory. Every size is padded with zeros,
 * batch to 4 and units to 8: a padded unit stays at 0, a padded sequence gets no gradient, and no remainder loop is needed.
 */
#include <wasm_simd128.h>

typedef float f4 __attribute__((vector_size(16), aligned(4)));
typedef float *restrict out_t;
typedef const float *restrict in_t;
#define EXPORT(name) __attribute__((export_name(#name)))
#define INLINE static inline __attribute__((always_inline))
/* Inner loops go one step at a time: unrolled, V8 runs out of registers, and the product takes half as long again. */
#define NOT_UNROLLED _Pragma("clang loop unroll(disable)")
#ifdef RELAXED
#define MADD(a, b, c) ((f4)__builtin_wasm_relaxed_madd_f32x4(a, b, c))
#else
#define MADD(a, b, c) ((c) + (a) * (b))
#endif

INLINE f4 load(const float *p) { return *(const f4 *)p; }
INLINE void store(float *p, f4 v) { *(f4 *)p = v; }
INLINE f4 splat(const float *p) { return (f4)wasm_v128_load32_splat(p); }
INLINE f4 same(float x) { return (f4){x, x, x, x}; }
INLINE int up(int n, int to) { return (n + to - 1) / to * to; }

/* 4 rows x 8 columns of a product, held in registers. */
typedef struct { f4 v[4][2]; } tile;

INLINE void tile_fill(tile *t, f4 left, f4 right) {
  for (int r = 0; r < 4; r++) t->v[r][0] = left, t->v[r][1] = right;
}

/* t += a b: a strip and a panel, depth > 0. */
INLINE void tile_multiply(tile *t, in_t a, in_t b, int depth) {
  f4 c00 = t->v[0][0], c01 = t->v[0][1], c10 = t->v[1][0], c11 = t->v[1][1];
  f4 c20 = t->v[2][0], c21 = t->v[2][1], c30 = t->v[3][0], c31 = t->v[3][1];
  const float *end = a + 4 * depth;
  NOT_UNROLLED
  do {
    f4 b0 = load(b), b1 = load(b + 4), s;
    s = splat(a), c00 = MADD(s, b0, c00), c01 = MADD(s, b1, c01);
    s = splat(a + 1), c10 = MADD(s, b0, c10), c11 = MADD(s, b1, c11);
    s = splat(a + 2), c20 = MADD(s, b0, c20), c21 = MADD(s, b1, c21);
    s = splat(a + 3), c30 = MADD(s, b0, c30), c31 = MADD(s, b1, c31);
    a += 4, b += 8;
  } while (a != end);
  t->v[0][0] = c00, t->v[0][1] = c01, t->v[1][0] = c10, t->v[1][1] = c11;
  t->v[2][0] = c20, t->v[2][1] = c21, t->v[3][0] = c30, t->v[3][1] = c31;
}

INLINE void tile_store(const tile *t, out_t c, int row) {
  for (int r = 0; r < 4; r++) store(c + r * row, t->v[r][0]), store(c + r * row + 4, t->v[r][1]);
}

INLINE void tile_add(const tile *t, out_t c, int row) {
  for (int r = 0; r < 4; r++) {
    store(c + r * row, load(c + r * row) + t->v[r][0]);
    store(c + r * row + 4, load(c + r * row + 4) + t->v[r][1]);
  }
}

/* Stores 4 vectors as the columns of 4 x 4 floats. */
INLINE void store_transposed(float *to, f4 a, f4 b, f4 c, f4 d) {
  f4 ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  store(to, __builtin_shufflevector(ab, cd, 0, 1, 4, 5));
  store(to + 4, __builtin_shufflevector(ab, cd, 2, 3, 6, 7));
  ab = __builtin_shufflevector(a, b, 2, 6, 3, 7), cd = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  store(to + 8, __builtin_shufflevector(ab, cd, 0, 1, 4, 5));
  store(to + 12, __builtin_shufflevector(ab, cd, 2, 3, 6, 7));
}

/* tanh as an odd rational function of degree 13 over 6 (the coefficients of Eigen's ptanh): within 3e-7 of tanh. */
INLINE f4 tanh4(f4 x) {
  const f4 limit = same(7.90531110763549805f);
  x = (f4)wasm_f32x4_pmin((v128_t)limit, (v128_t)wasm_f32x4_pmax((v128_t)-limit, (v128_t)x));
  f4 y = x * x, p = same(-2.76076847742355e-16f), q = same(1.19825839466702e-06f);
  p = MADD(p, y, same(2.00018790482477e-13f));
  p = MADD(p, y, same(-8.60467152213735e-11f));
  p = MADD(p, y, same(5.12229709037114e-08f));
  p = MADD(p, y, same(1.48572235717979e-05f));
  p = MADD(p, y, same(6.37261928875436e-04f));
  p = MADD(p, y, same(4.89352455891786e-03f));
  q = MADD(q, y, same(1.18534705686654e-04f));
  q = MADD(q, y, same(2.26843463243900e-03f));
  q = MADD(q, y, same(4.89352518554385e-03f));
  return x * p / q;
}

INLINE f4 sigmoid4(f4 x) { return MADD(tanh4(x * same(0.5f)), same(0.5f), same(0.5f)); }

/* Exported so that a test can measure its error. */
EXPORT(tanhAll) void tanh_all(out_t x, int n) {
  for (int i = 0; i < n; i += 4) store(x + i, tanh4(load(x + i)));
}

/*
 * One pass over a batch. B, U: batch and units padded; depth = U + inputs; rows = depth + 1 (bias) padded to 4; columns = U,
 * or depth padded to 8 where the input's gradient is wanted. wasm-lstm.ts writes the fields in this order.
 */
typedef struct {
  int batch, steps, inputs, units, reverse, every, want_input, chunk; /* chunk: steps whose gradients are added in one product */
  /* As TensorFlow.js has them, without padding, gates in the order i, f, g, o. output: [batch][steps or 1][units] */
  const float *input, *kernel, *recurrent, *bias;
  float *output;
  /* Kept from forward to backward. h of step t lies in `past` at step t + 1; the strips after it hold x, then 1. */
  float *weights; /* [4U/8][depth][8], then the bias [4U] */
  float *past;    /* [rows/4][steps + 1][B][4] */
  float *gates;   /* [steps][4U/8][B][8], after their activation */
  float *cells;   /* [steps + 1][B][U], from 0 */
  float *tanhs;   /* [steps][B][U], of cells[t + 1] */
  float *now;     /* [B/4][depth][4]: h of the step before and x; working memory of forward */
  /* Backward: what comes in, working memory, and what goes out. */
  const float *d_output;
  float *transposed; /* [columns/8][4U][8]: the weights' rows as columns */
  float *d_rows;     /* [B][columns]: gradient of h of the step before, and of x */
  float *d_cell;     /* [B][U] */
  float *d_strips;   /* [B/4][4U][4]: gradient of this step's gates before their activation */
  float *d_panels;   /* [4U/8][chunk + 1][B][8]: the same of all steps of a chunk; one step more keeps panels out of each other's cache lines */
  float *d_weights;  /* [rows/4][4U/8][4][8] */
  float *d_input, *d_kernel, *d_recurrent, *d_bias;
} pass;

INLINE int padded_batch(const pass *p) { return up(p->batch, 4); }
INLINE int padded_units(const pass *p) { return up(p->units, 8); }
INLINE int depth_of(const pass *p) { return padded_units(p) + p->inputs; }
INLINE int rows_of(const pass *p) { return up(depth_of(p) + 1, 4); }
INLINE int time_of(const pass *p, int t) { return p->reverse ? p->steps - 1 - t : t; }

static void clear(out_t x, int n) {
  for (int i = 0; i < n; i++) x[i] = 0;
}

static void pack_weights(const pass *p) {
  const int U = padded_units(p), depth = depth_of(p), units = p->units;
  float *bias = p->weights + 4 * U * depth;
  clear(p->weights, 4 * U * (depth + 1));
  for (int gate = 0; gate < 4; gate++) {
    for (int n = 0; n < units; n++) {
      const int g = gate * U + n, from = gate * units + n;
      float *to = p->weights + (g >> 3) * depth * 8 + (g & 7);
      for (int k = 0; k < units; k++) to[k * 8] = p->recurrent[k * 4 * units + from];
      for (int i = 0; i < p->inputs; i++) to[(U + i) * 8] = p->kernel[i * 4 * units + from];
      bias[g] = p->bias[from];
    }
  }
}

/* Fills what of `past` does not come from the network: x and 1. */
static void pack_input(const pass *p) {
  const int B = padded_batch(p), U = padded_units(p), strip = (p->steps + 1) * B * 4, inputs = p->inputs;
  clear(p->past + U / 4 * strip, (rows_of(p) - U) / 4 * strip);
  for (int t = 0; t < p->steps; t++) {
    for (int b = 0; b < p->batch; b++) {
      float *to = p->past + U / 4 * strip + (t * B + b) * 4;
      const float *x = p->input + (b * p->steps + time_of(p, t)) * inputs;
      for (int i = 0; i < inputs; i++) to[(i >> 2) * strip + (i & 3)] = x[i];
      to[(inputs >> 2) * strip + (inputs & 3)] = 1;
    }
  }
}

static void write_output(const pass *p) {
  const int B = padded_batch(p), strip = (p->steps + 1) * B * 4;
  float *to = p->output;
  for (int b = 0; b < p->batch; b++) {
    for (int t = p->every ? 1 : p->steps; t <= p->steps; t++) {
      const float *h = p->past + (t * B + b) * 4;
      for (int n = 0; n < p->units; n++) *to++ = h[(n >> 2) * strip + (n & 3)];
    }
  }
}

INLINE void forward_gates(const pass *p, int t) {
  const int B = padded_batch(p), U = padded_units(p), depth = depth_of(p);
  /* Before the first step h is 0. */
  const int from = t == 0 ? U : 0;
  const float *bias = p->weights + 4 * U * depth;
  float *z = p->gates + t * 4 * U * B;
  for (int n = 0; n < 4 * U; n += 8) {
    for (int b = 0; b < B; b += 4) {
      tile sum;
      tile_fill(&sum, load(bias + n), load(bias + n + 4));
      tile_multiply(&sum, p->now + b * depth + from * 4, p->weights + n * depth + from * 8, depth - from);
      tile_store(&sum, z + n * B + b * 8, 8);
    }
  }
}

INLINE void forward_cells(const pass *p, int t) {
  const int B = padded_batch(p), U = padded_units(p), depth = depth_of(p), gate = U * B;
  const float *c0 = p->cells + t * B * U;
  float *c1 = p->cells + (t + 1) * B * U, *tanhs = p->tanhs + t * B * U;
  for (int n = 0; n < U; n += 4) {
    float *z = p->gates + t * 4 * U * B + (n >> 3) * B * 8 + (n & 4);
    float *h = p->past + (n >> 2) * (p->steps + 1) * B * 4 + (t + 1) * B * 4;
    for (int b = 0; b < B; b += 4) {
      NOT_UNROLLED
      for (int r = b; r < b + 4; r++) {
        float *zr = z + r * 8;
        const int at = r * U + n;
        f4 i = sigmoid4(load(zr)), f = sigmoid4(load(zr + gate));
        f4 g = tanh4(load(zr + 2 * gate)), o = sigmoid4(load(zr + 3 * gate));
        f4 c = MADD(f, load(c0 + at), i * g), tanh_c = tanh4(c);
        store(zr, i), store(zr + gate, f), store(zr + 2 * gate, g), store(zr + 3 * gate, o);
        store(c1 + at, c), store(tanhs + at, tanh_c), store(h + r * 4, o * tanh_c);
      }
      const float *hb = h + b * 4;
      store_transposed(p->now + b * depth + n * 4, load(hb), load(hb + 4), load(hb + 8), load(hb + 12));
    }
  }
}

EXPORT(lstmForward) void lstm_forward(const pass *p) {
  const int B = padded_batch(p), U = padded_units(p), depth = depth_of(p), strip = (p->steps + 1) * B * 4;
  pack_weights(p);
  pack_input(p);
  clear(p->cells, B * U);
  for (int t = 0; t < p->steps; t++) {
    const float *x = p->past + U / 4 * strip + t * B * 4;
    for (int i = 0; i < p->inputs; i++)
      for (int b = 0; b < B; b++)
        p->now[(b & ~3) * depth + (U + i) * 4 + (b & 3)] = x[(i >> 2) * strip + b * 4 + (i & 3)];
    forward_gates(p, t);
    forward_cells(p, t);
  }
  write_output(p);
}

static void transpose_weights(const pass *p, int columns) {
  const int gates = 4 * padded_units(p), depth = depth_of(p);
  for (int c = 0; c < columns; c++) {
    float *to = p->transposed + (c >> 3) * gates * 8 + (c & 7);
    for (int g = 0; g < gates; g++) to[g * 8] = c < depth ? p->weights[(g >> 3) * depth * 8 + c * 8 + (g & 7)] : 0;
  }
}

/* Adds the gradient that comes in for h of this step to the one of later steps. */
static void add_output(const pass *p, int t, int columns) {
  if (!p->every && t != p->steps - 1) return;
  for (int b = 0; b < p->batch; b++) {
    const float *from = p->d_output + (p->every ? b * p->steps + t : b) * p->units;
    for (int n = 0; n < p->units; n++) p->d_rows[b * columns + n] += from[n];
  }
}

/* Gradients of the gates before their activation: row `slot` of a chunk in panels, and in strips. */
INLINE void backward_cells(const pass *p, int t, int columns, int slot) {
  const int B = padded_batch(p), U = padded_units(p), gate = U * B;
  const int panel = (p->chunk + 1) * B * 8, own = U / 8 * panel;
  const float *c0 = p->cells + t * B * U, *tanhs = p->tanhs + t * B * U;
  const f4 one = same(1);
  for (int n = 0; n < U; n += 4) {
    const float *z = p->gates + t * 4 * U * B + (n >> 3) * B * 8 + (n & 4);
    float *d = p->d_panels + (n >> 3) * panel + slot * B * 8 + (n & 4);
    for (int b = 0; b < B; b += 4) {
      NOT_UNROLLED
      for (int r = b; r < b + 4; r++) {
        const float *zr = z + r * 8;
        float *dr = d + r * 8;
        const int at = r * U + n;
        f4 i = load(zr), f = load(zr + gate), g = load(zr + 2 * gate), o = load(zr + 3 * gate);
        f4 tanh_c = load(tanhs + at), dh = load(p->d_rows + r * columns + n);
        f4 dc = load(p->d_cell + at) + dh * o * (one - tanh_c * tanh_c);
        store(dr, dc * g * i * (one - i));
        store(dr + own, dc * load(c0 + at) * f * (one - f));
        store(dr + 2 * own, dc * i * (one - g * g));
        store(dr + 3 * own, dh * tanh_c * o * (one - o));
        store(p->d_cell + at, dc * f);
      }
      NOT_UNROLLED
      for (int k = 0; k < 4; k++) {
        const float *db = d + b * 8 + k * own;
        float *to = p->d_strips + b * 4 * U + (k * U + n) * 4;
        store_transposed(to, load(db), load(db + 8), load(db + 16), load(db + 24));
      }
    }
  }
}

INLINE void backward_rows(const pass *p, int columns) {
  const int B = padded_batch(p), gates = 4 * padded_units(p);
  for (int c = 0; c < columns; c += 8) {
    for (int b = 0; b < B; b += 4) {
      tile sum;
      tile_fill(&sum, same(0), same(0));
      tile_multiply(&sum, p->d_strips + b * gates, p->transposed + c * gates, gates);
      tile_store(&sum, p->d_rows + b * columns + c, columns);
    }
  }
}

/* Adds `count` steps from t on to the weights' gradient. */
INLINE void backward_weights(const pass *p, int t, int count) {
  const int B = padded_batch(p), U = padded_units(p), rows = rows_of(p);
  for (int n = 0; n < 4 * U; n += 8) {
    const float *b = p->d_panels + n * (p->chunk + 1) * B;
    for (int k = 0; k < rows; k += 4) {
      /* Before the first step h is 0. */
      const int skip = t == 0 && k < U ? B : 0;
      if (skip == count * B) continue;
      tile sum;
      tile_fill(&sum, same(0), same(0));
      tile_multiply(&sum, p->past + k * (p->steps + 1) * B + (t * B + skip) * 4, b + skip * 8, count * B - skip);
      tile_add(&sum, p->d_weights + k * 4 * U + n * 4, 8);
    }
  }
}

static void write_input(const pass *p, int t, int columns) {
  for (int b = 0; b < p->batch; b++)
    for (int i = 0; i < p->inputs; i++)
      p->d_input[(b * p->steps + time_of(p, t)) * p->inputs + i] = p->d_rows[b * columns + padded_units(p) + i];
}

static void write_weights(const pass *p) {
  const int U = padded_units(p), units = p->units;
  for (int k = 0; k <= depth_of(p); k++) {
    if (k >= units && k < U) continue;
    float *row = k < U ? p->d_recurrent + k * 4 * units : p->d_kernel + (k - U) * 4 * units;
    if (k == depth_of(p)) row = p->d_bias;
    for (int gate = 0; gate < 4; gate++) {
      const float *from = p->d_weights + (k & ~3) * 4 * U + gate * U * 4 + (k & 3) * 8;
      for (int n = 0; n < units; n++) *row++ = from[(n >> 3) * 32 + (n & 7)];
    }
  }
}

EXPORT(lstmBackward) void lstm_backward(const pass *p) {
  const int B = padded_batch(p), U = padded_units(p);
  const int columns = p->want_input ? up(depth_of(p), 8) : U;
  transpose_weights(p, columns);
  clear(p->d_cell, B * U);
  clear(p->d_rows, B * columns);
  clear(p->d_weights, rows_of(p) * 4 * U);
  for (int t = p->steps - 1, last = t; t >= 0; t--) {
    const int slot = t % p->chunk;
    add_output(p, t, columns);
    backward_cells(p, t, columns, slot);
    if (t > 0 || p->want_input) backward_rows(p, columns);
    if (p->want_input) write_input(p, t, columns);
    if (slot == 0) backward_weights(p, t, last - t + 1), last = t - 1;
  }
  write_weights(p);
}

/* One step of RMSprop and of Adam as TensorFlow.js takes it, operation by operation, never fused: the bits are the same. */
INLINE f4 root(f4 x) { return (f4)wasm_f32x4_sqrt((v128_t)x); }

EXPORT(rmsprop) void rmsprop(int n, out_t value, in_t gradient, out_t mean_square, out_t moment, float decay, float rest,
                             float momentum, float rate, float epsilon) {
  NOT_UNROLLED
  for (int i = 0; i < n; i += 4) {
    f4 g = load(gradient + i), square = load(mean_square + i) * decay + g * g * rest;
    f4 move = load(moment + i) * momentum + g * rate / root(square + epsilon);
    store(mean_square + i, square), store(moment + i, move), store(value + i, load(value + i) - move);
  }
}

EXPORT(adam) void adam(int n, out_t value, in_t gradient, out_t first, out_t second, float beta1, float rest1, float beta2,
                       float rest2, float correct1, float correct2, float rate, float epsilon) {
  NOT_UNROLLED
  for (int i = 0; i < n; i += 4) {
    f4 g = load(gradient + i), mean = load(first + i) * beta1 + g * rest1;
    f4 square = load(second + i) * beta2 + g * g * rest2;
    f4 step = mean / correct1 / (root(square / correct2) + epsilon);
    store(first + i, mean), store(second + i, square), store(value + i, step * rate + load(value + i));
  }
}

/* panels[columns / 8][rows][8] of b[k * row + n * col], zero beyond `columns`. */
EXPORT(packPanels) void pack_panels(int rows, int columns, in_t b, int row, int col, out_t panels) {
  for (int n = 0; n < columns; n += 8)
    for (int k = 0; k < rows; k++)
      for (int j = 0; j < 8; j++) *panels++ = n + j < columns ? b[k * row + (n + j) * col] : 0;
}

/*
 * c = a b, or c += a b: a[m * row + k * col] (rows may overlap, as a convolution's do), b in panels, c with `stride`
 * floats a row. `strip` is working memory of 4 x depth.
 */
EXPORT(multiply) void multiply(int rows, int columns, int depth, in_t a, int row, int col, in_t panels, out_t c,
                               int stride, int add, out_t strip) {
  for (int m = 0; m < rows; m += 4) {
    const int high = rows - m < 4 ? rows - m : 4;
    for (int r = 0; r < 4; r++)
      for (int k = 0; k < depth; k++) strip[k * 4 + r] = r < high ? a[(m + r) * row + k * col] : 0;
    for (int n = 0; n < columns; n += 8) {
      tile sum;
      tile_fill(&sum, same(0), same(0));
      tile_multiply(&sum, strip, panels + n * depth, depth);
      float *to = c + m * stride + n;
      if (high == 4 && columns - n >= 8) {
        if (add) tile_add(&sum, to, stride);
        else tile_store(&sum, to, stride);
      } else {
        const float *from = (const float *)&sum;
        for (int r = 0; r < high; r++)
          for (int j = 0; j < 8 && n + j < columns; j++)
            to[r * stride + j] = from[r * 8 + j] + (add ? to[r * stride + j] : 0);
      }
    }
  }
}
