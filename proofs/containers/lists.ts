import * as ssz from '@chainsafe/ssz';

/**
 * The list types of `@chainsafe/ssz`, for every engine. Each of its lists, when constructed, wraps memory of its own in a Node
 * `Buffer`, for the sake of `writeUIntLE`. Where there is no `Buffer`, as in browsers, a stand-in is lent for just that
 * moment: no page needs a polyfill, and none finds a global of ours.
 */
export const ByteListType = everywhere(ssz.ByteListType);
export const BitListType = everywhere(ssz.BitListType);
export const ListCompositeType = everywhere(ssz.ListCompositeType);

function everywhere<C extends new (...args: never) => object>(listType: C): C {
  return new Proxy(listType, {
    construct(target, parameters, newTarget): object {
      const scope = globalThis as { Buffer?: unknown };
      if (scope.Buffer !== undefined) return Reflect.construct(target, parameters, newTarget);
      scope.Buffer = { from: lengthWriter };
      try {
        return Reflect.construct(target, parameters, newTarget);
      } finally {
        delete scope.Buffer;
      }
    },
  });
}

/** Writes little-endian numbers into memory that it shares with the list. */
function lengthWriter(buffer: ArrayBuffer, byteOffset: number, length: number) {
  const bytes = new Uint8Array(buffer, byteOffset, length);
  return {
    writeUIntLE(value: number, offset: number, byteLength: number): void {
      for (let i = 0, rest = value; i < byteLength; i++, rest = Math.floor(rest / 256)) {
        bytes[offset + i] = rest % 256;
      }
    },
  };
}
