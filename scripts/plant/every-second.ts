/** Says how far something is, once a second at most. */
export function everySecond(): (text: () => string) => void {
  let saidAt = 0;
  return (text) => {
    if (Date.now() - saidAt < 1000) return;
    saidAt = Date.now();
    console.log(text());
  };
}
