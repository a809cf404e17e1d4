/** What `--help` says of every command, so that the command line is one thing and not forty. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandLine } from '../../agent/command-line.ts';
import { examples } from '../../agent/commands/examples.ts';

/** What `underfoot PATH --help` prints. */
async function helpOf(path: string): Promise<string> {
  const words = [...(path === '' ? [] : path.split(' ')), '--help'];
  let printed = '';
  await commandLine(words).parse(words, {}, (_error, _argv, output) => {
    printed = output;
  });
  return printed;
}

/** Names of the commands that a help text lists below `path`. */
function listed(help: string, path: string): string[] {
  const begin = path === '' ? 'underfoot' : `underfoot ${path}`;
  const rows = [...help.matchAll(new RegExp(`^  ${begin} ([a-z]+)`, 'gm'))];
  return rows.map((row) => `${path} ${row[1]}`.trim()).filter((name) => name !== 'completion');
}

const all: Record<string, string> = {};
for (const name of listed(await helpOf(''), '')) {
  const help = await helpOf(name);
  const below = /^Commands:/m.test(help) ? listed(help, name) : [];
  if (below.length === 0) all[name] = help;
  for (const path of below) all[path] = await helpOf(path);
}

/** Each option of a help text: its names and what is said of it. */
function optionsIn(help: string): { names: string[]; said: string }[] {
  const section = help.split('Options:\n')[1].split('\n\n')[0];
  const rows = section.replace(/\n {8,}/g, ' ').split('\n');
  return rows.map((row) => {
    const found = /^ +((?:-\w, +)?--[^ ,]+(?:, --[^ ,]+)*) *(.*)$/.exec(row);
    assert.ok(found, row);
    return { names: found[1].split(/, +/), said: found[2] };
  });
}

test('every command is listed, and each has an example of its own', () => {
  assert.ok(Object.keys(all).length > 30, Object.keys(all).join());
  assert.deepEqual(Object.keys(examples).sort(), Object.keys(all).sort());
  for (const [name, help] of Object.entries(all)) {
    for (const line of examples[name])
      assert.ok(help.replace(/\s+/g, ' ').includes(` ${line} `), `${name}: ${line}`);
    assert.match(help, /Exit codes: 0 good/, name);
  }
});

test('the options of an example are options of its command', () => {
  for (const [name, lines] of Object.entries(examples)) {
    const names = optionsIn(all[name]).flatMap((option) => option.names);
    for (const line of lines) {
      for (const [option] of line.matchAll(/--[a-z-]+/g)) assert.ok(names.includes(option), line);
      assert.match(line, new RegExp(`^(sudo )?underfoot ${name}( |$)`));
    }
  }
});

test('options are lower case with hyphens, and each says what it is', () => {
  for (const [name, help] of Object.entries(all)) {
    for (const { names, said } of optionsIn(help)) {
      for (const option of names) assert.match(option, /^(-[a-z]|--[a-z]+(-[a-z]+)*)$/, name);
      assert.match(said, /^[A-Z1-9.][^[]{5,}/, `${name} ${names}: ${said}`);
    }
  }
});

test('the same letter is the same option everywhere, and a file to write is --out', () => {
  const meaning = new Map<string, string>();
  for (const [name, help] of Object.entries(all)) {
    for (const { names } of optionsIn(help)) {
      if (names.length < 2 || names[0].startsWith('--')) continue;
      const [letter, long] = names;
      assert.equal(meaning.get(letter) ?? long, long, `${name}: ${letter}`);
      meaning.set(letter, long);
      if (long === '--out') assert.equal(letter, '-o');
    }
  }
  assert.equal(meaning.get('-o'), '--out');
});

test('a wrong word is answered with the help of the command that it was given to', async () => {
  for (const [line, said] of [
    ['models', /Name what to do with models\. \(underfoot models --help lists/],
    ['sessions foo', /Unknown argument: foo \(underfoot sessions --help lists/],
    ['session list', /\(underfoot --help lists/],
  ] as const) {
    const words = line.split(' ');
    await assert.rejects(async () => commandLine(words).parseAsync(), said);
  }
});
