import { s3Address } from '../store/s3/address.js';
import type { GlobalOptions } from './options.js';

/**
 * Has this process work with the store that `--store` names: it is what FOLDWISE_STORE says to all who open
 * one.
 *
 * @throws InputFault where it is no place in S3
 */
export function chooseStore({ store }: GlobalOptions): void {
  if (store === undefined || store === '') return;
  s3Address(store);
  process.env['FOLDWISE_STORE'] = store;
}
