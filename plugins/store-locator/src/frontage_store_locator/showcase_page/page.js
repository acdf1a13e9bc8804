'use strict';
const finder = document.querySelector('store-locator');
/** As if somebody typed it: a search by hand is told to the shop, one by a script is not. */
const search = words => {
  const shadow = finder.shadowRoot;
  shadow.querySelector('[type=search]').value = words;
  shadow.querySelector('form').requestSubmit();
};
let isReady = Boolean(finder.shadowRoot && finder.shadowRoot.querySelector('form'));
finder.addEventListener('locator-ready', () => { isReady = true; });
for (const button of document.querySelectorAll('[data-try]')) button.addEventListener('click', () => {
  if (isReady) search(button.dataset.try);
  else finder.addEventListener('locator-ready', () => search(button.dataset.try), { once: true });
});
