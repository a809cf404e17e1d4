/*
 * The training kernel: a whole-sequence LSTM, forward with saved activations and backward, and a matrix product for
 * the layers around it. float32, WebAssembly SIMD-128, one thread, no library. Built by scripts/build-kernel.ts.
 *
 * Layout. A matrix that is the right-hand side of a product is cut into panels of 8 columns, [columns/8][rows][8], so
 * that the inner loop reads it in one stream; gates are kept that way too, [4H/8][batch][8] per step. Every size is
 * padded with zeros: batch and inputs to a multiple of 4, units to a multiple of 8. A padded unit stays at 0 and a
 * padded row gets no gradient, so nothing below needs a remainder loop.
 *
 * Per step the input row is [h(t-1) | x(t) | 1 | 0..]: one product gives all gates with the bias, and one outer product
 * in the backward pass gives the gradients of recurrent weights, input weights and bias together.
 */
#include <wasm_simd128.h>

typedef float f4 __attribute__((vector_size(16), aligned(4)));
typedef float *restrict out_t;
typedef const float *restrict in_t;
#define EXPORT(name) __attribute__((export_name(#name)))
#define INLINE static inline __attribute__((always_inline))
#ifdef RELAXED
#define MADD(a, b, c) ((f4)__builtin_wasm_fma_f32x4(a, b, c))
#else
#define MADD(a, b, c) ((c) + (a) * (b))
#endif

INLINE f4 load(const float *p) { return *(const f4 *)p; }
INLINE void store(float *p, f4 v) { *(f4 *)p = v; }
INLINE f4 splat(const float *p) { return (f4)wasm_v128_load32_splat(p); }
INLINE f4 same(float x) { return (f4){x, x, x, x}; }

/* 4 rows x 8 columns of a product, held in registers. */
typedef struct { f4 v[4][2]; } tile;

INLINE void tile_zero(tile *t) {
  for (int r = 0; r < 4; r++) t->v[r][0] = t->v[r][1] = same(0);
}

/* t += a b; a[r * row + k * col], 4 rows; b is a panel. */
INLINE void tile_multiply(tile *t, in_t a, int row, int col, in_t b, int depth) {
  f4 c00 = t->v[0][0], c01 = t->v[0][1], c10 = t->v[1][0], c11 = t->v[1][1];
  f4 c20 = t->v[2][0], c21 = t->v[2][1], c30 = t->v[3][0], c31 = t->v[3][1];
  /* One step at a time: unrolled, V8 runs out of registers and the whole is a third slower. */
#pragma clang loop unroll(disable)
  for (int k = 0; k < depth; k++) {
    f4 b0 = load(b), b1 = load(b + 4), s;
    s = splat(a), c00 = MADD(s, b0, c00), c01 = MADD(s, b1, c01);
    s = splat(a + row), c10 = MADD(s, b0, c10), c11 = MADD(s, b1, c11);
    s = splat(a + 2 * row), c20 = MADD(s, b0, c20), c21 = MADD(s, b1, c21);
    s = splat(a + 3 * row), c30 = MADD(s, b0, c30), c31 = MADD(s, b1, c31);
    a += col, b += 8;
  }
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
 * Forward. steps x batch x units, all padded; depth = units + inputs + 1 (the 1 of the bias), width = depth padded to 8.
 *   weights  [4 units / 8][width][8]   rows: recurrent, input, bias; columns: gates i, f, g, o
 *   rows     [steps + 1][batch][width] x and 1 filled in by the caller, zero elsewhere; h is filled in here (h(t) lies in
 *                                      the row of step t + 1)
 *   gates    [steps][4 units / 8][batch][8] after their activation
 *   cells    [steps + 1][batch][units] cells[0] is zero
 *   tanhs    [steps][batch][units]     tanh of cells[t + 1]
 */
EXPORT(lstmForward) void lstm_forward(int steps, int batch, int units, int depth, int width, in_t weights, out_t rows,
                                      out_t gates, out_t cells, out_t tanhs) {
  const int panels = units / 2, slab = panels * batch * 8;
  for (int i = 0; i < batch * units; i++) cells[i] = 0;
  for (int t = 0; t < steps; t++) {
    const float *a = rows + t * batch * width;
    float *next = rows + (t + 1) * batch * width, *z = gates + t * slab;
    for (int p = 0; p < panels; p++) {
      for (int r = 0; r < batch; r += 4) {
        tile sum;
        tile_zero(&sum);
        tile_multiply(&sum, a + r * width, width, 1, weights + p * width * 8, depth);
        tile_store(&sum, z + (p * batch + r) * 8, 8);
      }
    }
    const float *c0 = cells + t * batch * units;
    float *c1 = cells + (t + 1) * batch * units, *tc = tanhs + t * batch * units;
    const int gate = units * batch;
    for (int n = 0; n < units; n += 4) {
      float *zn = z + (n >> 3) * batch * 8 + (n & 4);
      for (int r = 0; r < batch; r++) {
        float *zi = zn + r * 8;
        f4 i = sigmoid4(load(zi)), f = sigmoid4(load(zi + gate));
        f4 g = tanh4(load(zi + 2 * gate)), o = sigmoid4(load(zi + 3 * gate));
        f4 c = f * load(c0 + r * units + n) + i * g, tanh_c = tanh4(c);
        store(zi, i), store(zi + gate, f), store(zi + 2 * gate, g), store(zi + 3 * gate, o);
        store(c1 + r * units + n, c), store(tc + r * units + n, tanh_c);
        store(next + r * width + n, o * tanh_c);
      }
    }
  }
}

/*
 * Backward. Takes what forward saved, and turns `gates` into the gradients before the activations.
 *   transposed [columns / 8][4 units][8] the weights' rows as columns: units, or units + inputs padded to 8
 *   outputs    [steps][batch][units]     gradient that comes in for h(t), or only [1][batch][units] for the last step
 *   dWeights   [4 units / 8][width][8]   added to
 *   dRows      [steps][batch][columns]   gradient of the rows: h(t-1), then x(t) if columns > units
 *   dCell      [batch][units]            working memory
 */
EXPORT(lstmBackward) void lstm_backward(int steps, int batch, int units, int width, int columns, int every,
                                        in_t transposed, in_t rows, out_t gates, in_t cells, in_t tanhs, in_t outputs,
                                        out_t dWeights, out_t dRows, out_t dCell) {
  const int panels = units / 2, slab = panels * batch * 8, gate = units * batch;
  const f4 one = same(1);
  for (int i = 0; i < batch * units; i++) dCell[i] = 0;
  for (int t = steps - 1; t >= 0; t--) {
    const int last = t == steps - 1, given = every || last;
    float *z = gates + t * slab;
    const float *dh1 = dRows + (t + 1) * batch * columns, *dy = outputs + (every ? t : 0) * batch * units;
    const float *c0 = cells + t * batch * units, *tc = tanhs + t * batch * units;
    for (int n = 0; n < units; n += 4) {
      float *zn = z + (n >> 3) * batch * 8 + (n & 4);
      for (int r = 0; r < batch; r++) {
        float *zi = zn + r * 8;
        const int at = r * units + n;
        f4 i = load(zi), f = load(zi + gate), g = load(zi + 2 * gate), o = load(zi + 3 * gate);
        f4 tanh_c = load(tc + at), dh = last ? same(0) : load(dh1 + r * columns + n);
        if (given) dh += load(dy + at);
        f4 dc = load(dCell + at) + dh * o * (one - tanh_c * tanh_c);
        store(zi, dc * g * i * (one - i));
        store(zi + gate, dc * load(c0 + at) * f * (one - f));
        store(zi + 2 * gate, dc * i * (one - g * g));
        store(zi + 3 * gate, dh * tanh_c * o * (one - o));
        store(dCell + at, dc * f);
      }
    }
    const float *a = rows + t * batch * width;
    for (int p = 0; p < panels; p++) {
      for (int i = 0; i < width; i += 4) {
        tile sum;
        tile_zero(&sum);
        tile_multiply(&sum, a + i, 1, width, z + p * batch * 8, batch);
        tile_add(&sum, dWeights + (p * width + i) * 8, 8);
      }
    }
    for (int p = 0; p < columns / 8; p++) {
      for (int r = 0; r < batch; r += 4) {
        tile sum;
        tile_zero(&sum);
        for (int q = 0; q < panels; q++)
          tile_multiply(&sum, z + (q * batch + r) * 8, 8, 1, transposed + (p * panels + q) * 64, 8);
        tile_store(&sum, dRows + (t * batch + r) * columns + p * 8, columns);
      }
    }
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
      tile_zero(&sum);
      tile_multiply(&sum, strip, 1, 4, panels + n * depth, depth);
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
