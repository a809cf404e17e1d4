// The last minute of motor current: one uPlot a channel, mean as a line within its minimum and maximum.
import { theme } from './colours.js';
import uPlot from './uplot.js';

const spanS = 60;
const axisHeight = 26;
const left = 42;

export class Traces {
  #host;
  #channels = [];
  #rows = [];
  #plots = [];
  #fresh = false;

  constructor(host) {
    this.#host = host;
    new ResizeObserver(() => {
      for (const { plot, index } of this.#plots) {
        plot.setSize({ width: host.clientWidth, height: this.#height(index) });
      }
    }).observe(host);
  }

  clear() {
    this.#rows = [];
  }

  add(rows) {
    this.#rows.push(...rows);
    const oldest = this.#rows.at(-1)[0] - 1000 * (spanS + 5);
    let drop = 0;
    while (drop < this.#rows.length && this.#rows[drop][0] < oldest) drop++;
    if (drop > 0) this.#rows.splice(0, drop);
    this.#fresh = true;
  }

  setChannels(channels) {
    if (JSON.stringify(channels) === JSON.stringify(this.#channels)) return;
    this.#channels = channels;
    this.rebuild();
  }

  /** After a change of channels or colours. */
  rebuild() {
    this.#host.replaceChildren();
    this.#plots = this.#channels.map((channel, index) => this.#build(channel, index));
    this.#fresh = true;
  }

  draw(nowMs) {
    const max = nowMs / 1000;
    for (const { plot, value, channel, index } of this.#plots) {
      if (this.#fresh) plot.setData(this.#data(index), false);
      plot.setScale('x', { min: max - spanS, max });
      const newest = this.#rows.at(-1);
      value.textContent = newest ? `${newest[3 + 3 * index].toFixed(2)} ${channel.unit}` : '–';
    }
    this.#fresh = false;
  }

  #height(index) {
    const plot = this.#channels.length === 1 ? 200 : this.#channels.length === 2 ? 140 : 90;
    return plot + (this.#isLast(index) ? axisHeight : 0);
  }

  /** Only the last channel carries the time axis. */
  #isLast(index) {
    return index === this.#channels.length - 1;
  }

  #data(channel) {
    const columns = [[], [], [], []];
    let before;
    for (const row of this.#rows) {
      // Nothing is drawn across a silence.
      if (before !== undefined && row[0] - before > 2500) {
        columns[0].push((before + row[0]) / 2000);
        for (let k = 1; k <= 3; k++) columns[k].push(null);
      }
      before = row[0];
      columns[0].push(row[0] / 1000);
      for (let k = 0; k < 3; k++) columns[k + 1].push(row[1 + 3 * channel + k]);
    }
    return columns;
  }

  #build(channel, index) {
    const title = document.createElement('h3');
    const name = document.createElement('span');
    name.textContent = channel.name;
    const value = document.createElement('output');
    value.setAttribute('aria-label', `${channel.name} now`);
    title.append(name, value);
    const holder = document.createElement('div');
    this.#host.append(title, holder);
    const axis = {
      stroke: theme.soft,
      font: '12px system-ui, sans-serif',
      grid: { stroke: theme.line, width: 1 },
    };
    const colour = getComputedStyle(document.documentElement)
      .getPropertyValue(`--label-${index % 8}`)
      .trim();
    const faint = { stroke: 'transparent', points: { show: false } };
    const plot = new uPlot(
      {
        width: this.#host.clientWidth,
        height: this.#height(index),
        padding: [8, 14, this.#isLast(index) ? 0 : 6, 0],
        cursor: { drag: { x: false, y: false }, sync: { key: 'traces' } },
        legend: { show: false },
        scales: { x: { time: true }, y: { range: withMargin } },
        axes: [
          {
            ...axis,
            show: this.#isLast(index),
            grid: { show: false },
            ticks: { stroke: theme.line, size: 4 },
            gap: 2,
            size: axisHeight,
            splits: (self) => [60, 45, 30, 15, 0].map((age) => self.scales.x.max - age),
            values: () => ['−60 s', '−45 s', '−30 s', '−15 s', 'now'],
          },
          {
            ...axis,
            ticks: { show: false },
            gap: 2,
            space: 28,
            size: left,
            values: (_, ticks) => ticks.map((v) => `${v} ${channel.unit}`),
          },
        ],
        bands: [{ series: [2, 1], fill: `${colour}33` }],
        series: [{}, faint, faint, { stroke: colour, width: 1.5, points: { show: false } }],
      },
      this.#data(index),
      holder,
    );
    return { plot, value, channel, index };
  }
}

function withMargin(_, min, max) {
  if (min === null || max === null) return [0, 1];
  const margin = Math.max(0.05, 0.08 * (max - min));
  return [min - margin, max + margin];
}
