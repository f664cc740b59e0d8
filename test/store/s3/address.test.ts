import { describe, expect, it } from 'vitest';
import { s3Address } from '../../../store/s3/address.js';

describe('the address of a store', () => {
  it('that is a folder is answered by how a folder is shared', () => {
    expect(() => s3Address('/mnt/team')).toThrow('share the workdir, and name it with --workdir');
  });

  it.each(['https://host/bucket', 'key:secret@bucket'])('that is none says where the keys go: %s', (text) => {
    expect(() => s3Address(text)).toThrow('Keys belong into AWS_ACCESS_KEY_ID');
  });
});
