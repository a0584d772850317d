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
  const line = (name, value) => el('div', { class: 'line' }, el('span', {}, name), el('span', {}, value));
`;
