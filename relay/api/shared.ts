/**
 * Makes one question of many: whoever asks while an answer is on its way, or soon after it came, gets that one. Failures are
 * shared while they are on their way, and not kept.
 * @param ms how old an answer may be
 */
export function shared<T>(ms: number, question: () => Promise<T>): () => Promise<T> {
  let current: { readonly answer: Promise<T>; readonly until: number } | undefined;
  return () => {
    if (current !== undefined && performance.now() < current.until) return current.answer;
    const answer = question();
    const mine = { answer, until: Number.POSITIVE_INFINITY };
    current = mine;
    answer.then(
      () => {
        if (current === mine) current = { answer, until: performance.now() + ms };
      },
      () => {
        if (current === mine) current = undefined;
      },
    );
    return answer;
  };
}
