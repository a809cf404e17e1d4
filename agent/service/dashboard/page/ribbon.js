// Surface and confidence over time, like a cut through the ground: on top the smoothed surface, below it a column
// for every window, as tall as its confidence.
import { colourOf, theme } from './colours.js';
import { people } from './panels.js';

const left = 42;
const topHeight = 22;
const gap = 8;
const axisHeight = 20;
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });

export class Ribbon {
  spanMs = 5 * 60_000;
  band;
  #canvas;
  #tip;
  #predictions = [];
  #nowMs = 0;
  #cursor;
  #hatch;

  constructor(canvas, tip) {
    this.#canvas = canvas;
    this.#tip = tip;
    canvas.addEventListener('pointermove', (event) =>
      this.#point((event.offsetX - left) / (canvas.clientWidth - left)),
    );
    canvas.addEventListener('pointerleave', () => this.#point(undefined));
    canvas.addEventListener('blur', () => this.#point(undefined));
    canvas.addEventListener('keydown', (event) => {
      const step = { ArrowLeft: -0.01, ArrowRight: 0.01 }[event.key];
      if (!step) return;
      event.preventDefault();
      this.#point(Math.min(1, Math.max(0, (this.#cursor ?? 1) + step)));
    });
  }

  draw(predictions, nowMs) {
    this.#predictions = predictions;
    this.#nowMs = nowMs;
    const ratio = window.devicePixelRatio;
    const width = this.#canvas.clientWidth;
    const height = this.#canvas.clientHeight;
    if (
      this.#canvas.width !== Math.round(width * ratio) ||
      this.#canvas.height !== Math.round(height * ratio)
    ) {
      this.#canvas.width = Math.round(width * ratio);
      this.#canvas.height = Math.round(height * ratio);
    }
    const c = this.#canvas.getContext('2d');
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.clearRect(0, 0, width, height);
    const plot = { top: topHeight + gap, bottom: height - axisHeight, width };
    this.#drawBand(c, plot);
    this.#drawColumns(c, plot);
    this.#drawAxis(c, plot, height);
    this.#canvas.dataset.drawn = 'yes';
    if (this.#cursor !== undefined) {
      c.fillStyle = theme.ink;
      c.fillRect(left + this.#cursor * (width - left), 0, 1, plot.bottom);
      this.#describe();
    }
  }

  #x(timeMs, width) {
    return left + (width - left) * (1 - (this.#nowMs - timeMs) / this.spanMs);
  }

  #drawBand(c, { top, bottom, width }) {
    if (!this.band) return;
    const y = (confidence) => bottom - confidence * (bottom - top);
    c.fillStyle = theme.band;
    c.fillRect(left, y(this.band.high), width - left, y(this.band.low) - y(this.band.high));
    c.strokeStyle = theme.soft;
    c.setLineDash([3, 4]);
    c.beginPath();
    for (const edge of [this.band.low, this.band.high]) {
      c.moveTo(left, Math.round(y(edge)) + 0.5);
      c.lineTo(width, Math.round(y(edge)) + 0.5);
    }
    c.stroke();
    c.setLineDash([]);
  }

  #drawColumns(c, { top, bottom, width }) {
    const visible = this.#predictions.filter((p) => p.timeMs > this.#nowMs - this.spanMs - p.durationMs);
    let run;
    visible.forEach((p, i) => {
      const next = visible[i + 1];
      const x = this.#x(p.timeMs, width);
      // A column lasts until the next window ends; the newest as long as the one before it.
      const stepMs = i > 0 ? p.timeMs - visible[i - 1].timeMs : p.durationMs;
      const usual = Math.min(stepMs, p.durationMs);
      const end = next && !next.afterGap ? this.#x(next.timeMs, width) : this.#x(p.timeMs + usual, width);
      const from = Math.max(left, Math.floor(x));
      // Whole pixels that do not overlap: what is half transparent would show a stripe.
      const wide = Math.max(1, Math.floor(Math.min(end, width)) - from);
      c.fillStyle = p.surface === 'unknown' ? this.#hatching(c) : colourOf(p.surface);
      c.fillRect(from, 0, wide, topHeight);
      if (run?.surface === p.surface && !p.afterGap) {
        run.end = from + wide;
      } else {
        this.#drawName(c, run);
        run = { surface: p.surface, from, end: from + wide };
      }
      const high = p.confidence * (bottom - top);
      const slim = wide > 4 ? wide - 1 : wide;
      c.globalAlpha = 0.72;
      c.fillStyle = colourOf(p.label);
      c.fillRect(from, bottom - high, slim, high);
      c.globalAlpha = 1;
      if (p.drift) {
        c.fillStyle = theme.alarm;
        c.fillRect(from, bottom - 3, wide, 3);
      }
    });
    this.#drawName(c, run);
  }

  /** The name of a stretch in the line on top, where it fits: colour alone tells nobody enough. */
  #drawName(c, run) {
    if (!run) return;
    const name = people(run.surface);
    c.font = '600 12px system-ui, sans-serif';
    const need = c.measureText(name).width + 10;
    if (run.end - run.from < need) return;
    c.textAlign = 'left';
    c.textBaseline = 'middle';
    if (run.surface === 'unknown') {
      c.fillStyle = theme.card;
      c.fillRect(run.from + 2, 3, need - 2, topHeight - 6);
    }
    c.fillStyle = run.surface === 'unknown' ? theme.ink : theme.card;
    c.fillText(name, run.from + 6, topHeight / 2 + 1);
  }

  #drawAxis(c, { top, bottom, width }, height) {
    c.fillStyle = theme.soft;
    c.strokeStyle = theme.line;
    c.font = '12px system-ui, sans-serif';
    c.textBaseline = 'middle';
    const stepMs = this.spanMs / (width < 500 ? 2 : 5);
    c.beginPath();
    for (let age = 0; age <= this.spanMs; age += stepMs) {
      const x = left + (width - left) * (1 - age / this.spanMs);
      c.moveTo(Math.round(x) - 0.5, bottom);
      c.lineTo(Math.round(x) - 0.5, bottom + 4);
      c.textAlign = age === 0 ? 'right' : 'center';
      c.fillText(age === 0 ? 'now' : formatAge(age), x, height - 7);
    }
    c.moveTo(left, bottom + 0.5);
    c.lineTo(width, bottom + 0.5);
    c.stroke();
    c.textAlign = 'right';
    for (const share of [0, 0.5, 1]) {
      c.fillText(`${100 * share} %`, left - 6, Math.min(bottom - share * (bottom - top), bottom - 5));
    }
  }

  #hatching(c) {
    if (this.#hatch?.colour !== theme.unknown) {
      const tile = document.createElement('canvas');
      tile.width = tile.height = 6;
      const t = tile.getContext('2d');
      t.strokeStyle = theme.unknown;
      t.lineWidth = 1.6;
      t.beginPath();
      for (const shift of [-6, 0, 6]) {
        t.moveTo(shift, 6);
        t.lineTo(shift + 6, 0);
      }
      t.stroke();
      this.#hatch = { colour: theme.unknown, pattern: c.createPattern(tile, 'repeat') };
    }
    return this.#hatch.pattern;
  }

  #point(position) {
    this.#cursor = position;
    if (position === undefined) this.#tip.textContent = '';
    else this.#describe();
  }

  #describe() {
    const timeMs = this.#nowMs - (1 - this.#cursor) * this.spanMs;
    let found;
    for (const p of this.#predictions) if (p.timeMs <= timeMs) found = p;
    if (!found || timeMs - found.timeMs > 2 * found.durationMs) {
      this.#tip.textContent = `${clock.format(timeMs)}: nothing`;
      return;
    }
    const drift = found.drift ? ', made under drift' : '';
    this.#tip.textContent =
      `${clock.format(found.timeMs)}: ${people(found.surface)}; this window: ${people(found.label)}, ` +
      `${(100 * found.confidence).toFixed(0)} %${drift}`;
  }
}

function formatAge(ms) {
  const s = Math.round(ms / 1000);
  return s < 60 ? `−${s} s` : `−${Number((s / 60).toFixed(1))} min`;
}
