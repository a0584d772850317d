import * as z from 'zod';
import { fromHex } from '../../proofs/bytes.js';

/** 64-bit numbers come as text. Beyond 2^53 it is none of ours. */
export const count = z.coerce.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);

/** A column that was selected as `lower(hex(column))`. */
export const hexBytes = z.string().transform((text) => fromHex(text, 'index column'));

/** 0 or 1. */
export const flag = z.coerce.number().transform((value) => value === 1);
