// The curve of what is pointed at or focused stands out, and its row with it. The page is complete without this.
(() => {
  const svg = document.querySelector("svg.curves");
  if (!svg) return;
  const curves = [...svg.querySelectorAll(".curve")];
  const others = [...document.querySelectorAll("[data-curve]")];
  const show = (number) => {
    svg.classList.toggle("picked", number !== null);
    for (const curve of curves) curve.classList.toggle("on", curve.id === `curve-${number}`);
    for (const other of others) other.classList.toggle("on", other.dataset.curve === number);
    const front = svg.querySelector(".curve.on");
    if (front && front.nextElementSibling) svg.append(front);
  };
  const watch = (element, number) => {
    for (const event of ["pointerenter", "focusin"]) element.addEventListener(event, () => show(number));
    for (const event of ["pointerleave", "focusout"]) element.addEventListener(event, () => show(null));
  };
  for (const curve of curves) watch(curve, curve.id.slice("curve-".length));
  for (const other of others) watch(other, other.dataset.curve);
})();
