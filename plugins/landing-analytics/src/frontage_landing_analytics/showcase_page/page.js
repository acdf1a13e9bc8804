'use strict';
// The page stays where it is: nobody is really called or written to.
const note = document.querySelector('.note');
const say = text => { note.textContent = text; };
let other = false;
document.addEventListener('click', event => {
  const link = event.target.closest('.stage a[href]');
  if (link && /^(tel:|https:|#)/.test(link.getAttribute('href'))) {
    event.preventDefault();
    say(link.closest('article') ? `${link.textContent}: a look at a product, counted.` : 'Counted. On a real page the app would open now.');
  }
  if (event.target.closest('[data-frontage-event]')) {
    other = !other;
    for (const price of document.querySelectorAll('[data-price]')) {
      price.dataset.own ??= price.textContent;
      price.textContent = other ? `${(price.dataset.price * 1.08).toFixed(2)} USD` : price.dataset.own;
    }
    say('Prices changed, and that was counted.');
  }
});
