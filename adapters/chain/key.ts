/** A map key of a 32-byte hash: sixteen 16-bit characters, several times cheaper to make than hex. Not for people. */
export function hashKey(hash: Uint8Array): string {
  const at = (i: number): number => (hash[i] ?? 0) | ((hash[i + 1] ?? 0) << 8);
  return String.fromCharCode(
    at(0),
    at(2),
    at(4),
    at(6),
    at(8),
    at(10),
    at(12),
    at(14),
    at(16),
    at(18),
    at(20),
    at(22),
    at(24),
    at(26),
    at(28),
    at(30),
  );
}
