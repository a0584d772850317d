/** What both scripts of the page begin with: elements are built and text is set, never markup. */
export const pageHelpers = `
  const byId = (id) => document.getElementById(id);
  const el = (tag, attributes, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) if (value) node.setAttribute(name, value);
    node.append(...children.filter((child) => child !== undefined && child !== null));
    return node;
  };
  const number = (text) => (text === null || text === undefined ? '–' : BigInt(text).toLocaleString('en'));
  const shown = new Map();
  // Puts what is made of facts into a box, if they are others than those there: what somebody marks or has the focus on stays.
  const put = (id, facts, make) => {
    const box = byId(id);
    const key = JSON.stringify(facts);
    if (shown.get(id) === key) return;
    const marked = document.getSelection();
    if (marked && !marked.isCollapsed && box.contains(marked.anchorNode)) return;
    const stops = () => [...box.querySelectorAll('a, [tabindex]')];
    const focus = stops().indexOf(document.activeElement);
    shown.set(id, key);
    box.replaceChildren(...make());
    const again = focus < 0 ? undefined : stops()[focus];
    if (again) again.focus({ preventScroll: true });
  };
  const empty = (text) => [el('p', { class: 'empty' }, text)];
  const line = (name, value) => el('div', { class: 'line' }, el('span', {}, name), el('span', {}, value));
`;
