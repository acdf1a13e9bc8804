'use strict';
const GOODS = [
  [7003338965000, 'Linen shirt', 'shirt red', 39, 12], [7003338965001, 'Canvas sandals', 'sandals shoes', 54, 36],
  [7003338965002, 'Rain coat', 'rain coat', 96, 200], [7003338965003, 'Straw hat', 'hat', 28, 48],
  [7003338965004, 'Walking boots', 'boots shoes', 128, 24], [7003338965005, 'Wool socks', 'socks', 12, 330],
  [7003338965006, 'Red shoes', 'red shoes', 78, 2], [7003338965007, 'Umbrella', 'umbrella rain', 34, 262],
];
const grid = document.querySelector('.goods'), dialog = document.querySelector('dialog'), search = document.querySelector('#search');
const heading = document.querySelector('.stage h1'), found = document.querySelector('.found'), cart = document.querySelector('.cart b');

const make = (tag, attributes, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};
/** A quiet picture for each product: hills under its own sun. */
const art = hue => {
  const draw = (tag, attributes) => {
    const drawn = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const [name, value] of Object.entries(attributes)) drawn.setAttribute(name, value);
    return drawn;
  };
  const svg = draw('svg', { viewBox: '0 0 200 120', preserveAspectRatio: 'xMidYMid slice', class: 'art', 'aria-hidden': true });
  svg.append(draw('path', { d: 'M0 0h200v120H0z', fill: `hsl(${hue} 55% 84%)` }),
    draw('circle', { cx: 40 + hue % 120, cy: 42, r: 24, fill: `hsl(${hue} 75% 62%)` }),
    draw('path', { d: `M0 ${84 + hue % 14}C50 ${60 + hue % 20} 90 110 200 ${72 + hue % 18}V120H0z`, fill: `hsl(${(hue + 24) % 360} 42% 52%)` }),
    draw('path', { d: `M0 104C70 ${88 + hue % 10} 120 118 200 98V120H0z`, fill: `hsl(${(hue + 40) % 360} 40% 36%)` }));
  return svg;
};
const add = id => {
  const button = make('button', { type: 'button', class: 'add', 'data-frontage-add': id }, 'Add to cart');
  button.addEventListener('click', () => { cart.textContent = Number(cart.textContent) + 1; });
  return button;
};
const look = ([id, name, , price, hue]) => {
  const title = make('h2', { id: 'looked' }, name);
  dialog.querySelector('.look').replaceChildren(art(hue), title, make('p', { 'data-frontage-view': id }, `${price}.00`), add(id));
  dialog.showModal();
};
const card = good => {
  const open = make('button', { type: 'button' }, good[1]);
  open.addEventListener('click', () => look(good));
  return make('article', { class: 'good', 'data-frontage-product': good[0] }, art(good[4]),
    make('div', {}, make('h2', {}, open), make('p', {}, `${good[3]}.00`), add(good[0])));
};
const show = goods => grid.replaceChildren(...goods.map(card));

document.querySelector('.shop form').addEventListener('submit', event => {
  event.preventDefault();
  const words = search.value.trim().toLowerCase();
  const goods = GOODS.filter(good => !words || `${good[1]} ${good[2]}`.toLowerCase().includes(words));
  heading.textContent = words ? `“${search.value.trim()}”` : 'Summer, nearly';
  found.hidden = !words;
  found.textContent = goods.length ? `${goods.length} found` : 'Nothing found. The shop will hear of it.';
  if (words) {
    found.dataset.frontageQuery = words;
    found.dataset.frontageResults = goods.length;
  }
  show(goods);
});
for (const box of document.querySelectorAll('[name=consent]')) box.addEventListener('change', () => frontage.pixel.consent(box.value));
show(GOODS);
