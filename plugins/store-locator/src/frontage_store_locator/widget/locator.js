/* frontage locator.js, Apache-2.0. No cookie, no storage, no third party; the README says what it sends. */
(() => {
  'use strict';
  const NAME = 'store-locator';
  const TAG = document.currentScript || document.querySelector(`script[src*="/${NAME}/locator"]`);
  const HOME = TAG ? TAG.src : location.href;
  const LANGUAGES = ['ar', 'de', 'es', 'fr', 'it', 'nl', 'pt'];
  const MILES = ['US', 'GB', 'LR', 'MM', 'PR', 'VI', 'GU'];
  const KM = 1.609344, PATIENCE = 15000, EVERYWHERE = 20038;

  const ENGLISH = {
    find: 'Find a store', where: 'City, postcode or store', search: 'Search', locate: 'Use my location', within: 'Within',
    openOnly: 'Open now', tags: 'Show only', prompt: 'Type a place or use your location.', searching: 'Searching…',
    stores: { one: '{count} store', other: '{count} stores' }, near: '{stores} within {radius} of {place}',
    here: 'your location', area: '{place}: {stores}', none: 'No store within {radius} of {place}.', nearest: 'The nearest is {distance} away.',
    widen: 'Search within {radius}', unfit: 'No store fits these filters.', clear: 'Clear filters',
    unknown: 'We could not find “{words}”.', mean: 'Did you mean', open: 'Open', closed: 'Closed', closes: 'closes at {time}',
    opens: 'opens at {time}', closesOn: 'closes {time}', opensOn: 'opens {time}', today: 'Today {hours}', directions: 'Directions',
    call: 'Call {phone}', website: 'Website', more: 'Show more', error: 'The stores could not be loaded.', offline: 'You are offline.',
    busy: 'Too many searches at once.', retry: 'Try again', wait: 'Try again in {seconds} s',
    denied: 'Your location is not available. Type a place instead.', refused: 'The store finder is not available here.',
  };

  const STYLE = `
:host{display:block;min-height:var(--store-locator-min-height,11rem)}
:host([hidden]){display:none}
:host([theme=light]){color-scheme:light}:host([theme=dark]){color-scheme:dark}:host([theme=auto]){color-scheme:light dark}
.base{all:initial;color-scheme:inherit;display:block;container-type:inline-size;box-sizing:border-box;
--accent:var(--store-locator-accent,light-dark(#0b57a4,#9ccaff));--on-accent:var(--store-locator-on-accent,light-dark(#fff,#06243f));
--text:var(--store-locator-text,light-dark(#1b1f24,#eceff3));--muted:var(--store-locator-muted,light-dark(#56606b,#a9b4c0));
--surface:var(--store-locator-surface,light-dark(#fff,#1b2027));--border:var(--store-locator-border,light-dark(#d5dbe1,#39424d));
--good:var(--store-locator-good,light-dark(#0f6b3a,#7fdba6));--bad:var(--store-locator-bad,light-dark(#a1261b,#ffb0a8));
--round:var(--store-locator-radius,10px);
font-family:var(--store-locator-font,system-ui,sans-serif);font-size:var(--store-locator-font-size,medium);line-height:1.45;color:var(--text)}
:host([theme]) .base{background:var(--store-locator-background,light-dark(#fff,#12161b));padding:1em;border-radius:var(--round)}
.base *{box-sizing:border-box}
form{display:flex;flex-wrap:wrap;gap:.75em;align-items:end;margin:0}
.field{flex:1 1 17em;min-width:0}
.field>label{display:block;font-weight:600;margin-block-end:.3em}
.line{display:flex;gap:.5em}
input[type=search],select,button,.action,.chip{font:inherit;color:inherit;min-height:2.75em;border:1px solid var(--border);border-radius:var(--round);background:var(--surface);margin:0}
input[type=search]{flex:1;min-width:0;width:100%;padding:.3em .8em;appearance:none;border-color:light-dark(#7d8894,#7b8896)}
button,.action{display:inline-flex;gap:.45em;align-items:center;justify-content:center;padding:.3em .95em;cursor:pointer;text-decoration:none;font-weight:600}
button,.action{color:var(--accent)}
button:hover,.action:hover,.chip:hover{border-color:var(--accent)}
button.main{background:var(--accent);border-color:var(--accent);color:var(--on-accent)}
button.main:hover{filter:brightness(1.1)}
button:disabled{opacity:.65;cursor:default}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.status:focus{outline:0}
svg{width:1.15em;height:1.15em;flex:none;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
.filters{display:flex;flex-wrap:wrap;gap:.5em .75em;align-items:center;flex:1 1 100%}
.filters label{display:inline-flex;gap:.5em;align-items:center;cursor:pointer}
select{padding:.3em .6em}
fieldset{border:0;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.5em;align-items:center;min-width:0}
legend{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
.chip{padding:.2em .9em;border-radius:99em;font-size:.9em}
.chip:has(:checked){border-color:var(--accent);color:var(--accent);font-weight:600}
input[type=checkbox]{width:1.2em;height:1.2em;margin:0;accent-color:var(--accent)}
.status{margin:1.1em 0 .6em;min-height:1.45em;font-weight:600}
.hints{display:flex;flex-wrap:wrap;gap:.5em;align-items:center}
.hints:not(:empty){margin-block-end:1em}
.hints p{margin:0;color:var(--muted)}
.hints .credit{flex-basis:100%;font-size:.8em}
ol{list-style:none;margin:0;padding:0;display:grid;gap:.9em;grid-template-columns:repeat(auto-fill,minmax(min(100%,21em),1fr));transition:opacity .15s}
ol[aria-busy=true]{opacity:.5}
.item{display:flex;flex-direction:column;gap:.3em;padding:1em 1.1em;border:1px solid var(--border);border-radius:var(--round);background:var(--surface);overflow-wrap:anywhere}
.head{display:flex;gap:.75em;justify-content:space-between;align-items:baseline}
.name{font-size:1.08em;font-weight:650;margin:0;line-height:1.3}
.name a{color:inherit;text-underline-offset:.18em;text-decoration-color:var(--border);display:inline-block;min-height:24px}
.name a:hover{color:var(--accent);text-decoration-color:currentColor}
.distance{color:var(--muted);white-space:nowrap;font-variant-numeric:tabular-nums;font-size:.92em}
.item p{margin:0}
.address,.today{color:var(--muted)}
.today{font-size:.92em}
.open b{color:var(--good)}.shut b{color:var(--bad)}
.actions{display:flex;flex-wrap:wrap;gap:.5em;margin-block-start:auto;padding-block-start:.6em}
.action{min-height:2.5em;padding:.2em .7em;font-size:.9em}
.more{display:flex;margin:1em auto 0}
[hidden]{display:none!important}
@container (max-width:30em){.line{flex-wrap:wrap}.line input{flex-basis:9em}.locate{width:100%}}
@media (prefers-reduced-motion:reduce){ol{transition:none}}
@media (forced-colors:active){.chip:has(:checked){outline:2px solid Highlight}ol[aria-busy=true]{opacity:1}}`;

  const ICONS = {
    locate: 'M12 3v3m0 12v3M3 12h3m12 0h3M12 7a5 5 0 1 0 0 10 5 5 0 0 0 0-10z',
    directions: 'M4 11 20 4l-7 16-2.5-6.5z',
    call: 'M5 4h4l1.5 5L8 10.5a12 12 0 0 0 5.5 5.5l1.5-2.5 5 1.5v4c0 1-1 1.5-2 1.5A15 15 0 0 1 3.5 6C3.5 5 4 4 5 4z',
    website: 'M14 4h6v6m0-6-9 9M18 14v6H4V6h6',
  };

  /** An element with attributes, listeners (functions) and children; never from text that is markup. */
  const make = (tag, attributes, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (typeof value === 'function') made.addEventListener(name, value);
      else if (value === true) made.setAttribute(name, '');
      else if (value || value === 0) made.setAttribute(name, value);
    }
    made.append(...children.filter(child => child || child === 0));
    return made;
  };

  /** What the shop wrote reads in its own direction. */
  const own = text => make('bdi', {}, text);

  const icon = name => {
    const drawn = ['svg', 'path'].map(tag => document.createElementNS('http://www.w3.org/2000/svg', tag));
    drawn[0].setAttribute('viewBox', '0 0 24 24');
    drawn[0].setAttribute('aria-hidden', 'true');
    drawn[1].setAttribute('d', ICONS[name]);
    drawn[0].append(drawn[1]);
    return drawn[0];
  };

  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const isWeb = url => /^https?:\/\//i.test(url);
  /** To about a hundred metres: enough to find a shop, too little to find a door. */
  const coarse = degrees => Math.round(degrees * 1000) / 1000;

  class Refusal extends Error {
    constructor(status, detail, seconds) {
      super(detail);
      this.status = status;
      this.seconds = seconds;
    }
  }

  class StoreLocator extends HTMLElement {
    #words = ENGLISH;
    #parts = {};
    #tags = new Set();
    #places = [];
    #control;
    #aim;
    #visitor;
    #countdown;

    connectedCallback() {
      if (this.shadowRoot) return;
      this.attachShadow({ mode: 'open' }).append(make('slot'));
      this.#start().catch(error => console.warn('frontage:', error));
    }

    disconnectedCallback() {
      clearInterval(this.#countdown);
    }

    /** Look around the place that the words name. */
    search(words) {
      this.#parts.words.value = words;
      this.#emit('search', { query: words });
      return this.#attempt(async signal => {
        const { match, candidates, attribution } = await this.#ask('geocode', { q: words, ...this.#visitor }, signal);
        if (match) await this.#look(this.#aimAt(match), signal);
        else this.#show([], fill(this.#words.unknown, { words }));
        this.#suggest(candidates, attribution);
      });
    }

    /** Look around the visitor, whom the browser asks first. */
    locate() {
      return this.#attempt(async signal => {
        let found;
        try {
          found = await new Promise((done, fail) => navigator.geolocation.getCurrentPosition(done, fail, { timeout: 20000, maximumAge: 3e5 }));
        } catch {
          if (!signal.aborted) this.#say(this.#words.denied);
          return;
        }
        signal.throwIfAborted();
        this.#visitor = { lat: coarse(found.coords.latitude), lon: coarse(found.coords.longitude) };
        this.#tell('location_search');
        this.#emit('search', { ...this.#visitor });
        this.#parts.words.value = '';
        await this.#look({ ...this.#visitor, place: this.#words.here }, signal);
      });
    }

    async #start() {
      const key = this.getAttribute('key');
      if (!key) return console.warn(`frontage: <${NAME}> has no key`);
      await this.#speak();
      this.#unit = this.#unitOf();
      this.#build();
      this.#tell('widget_load');
      this.#emit('ready');
      const at = name => parseFloat(this.getAttribute(name));
      if (this.getAttribute('query')) await this.search(this.getAttribute('query'));
      else if (isFinite(at('lat')) && isFinite(at('lon'))) {
        const aim = { lat: at('lat'), lon: at('lon'), place: this.getAttribute('place') || `${at('lat')}, ${at('lon')}` };
        await this.#attempt(signal => this.#look(aim, signal));
      } else if (this.getAttribute('locate') === 'auto') await this.locate();
    }

    #unit = 'km';
    #lang = 'en';

    async #speak() {
      const nearest = this.closest('[lang]');
      const wanted = this.getAttribute('lang') || (nearest ? nearest.lang : navigator.language) || 'en';
      const language = wanted.toLowerCase().split('-')[0];
      this.#lang = language === 'en' ? wanted : 'en';
      if (!LANGUAGES.includes(language)) return;
      try {
        this.#words = { ...ENGLISH, ...(await import(new URL(`locator.${language}.js`, HOME).href)).default };
        this.#lang = wanted;
      } catch (error) {
        console.warn('frontage:', error);
      }
    }

    #unitOf() {
      const asked = this.getAttribute('units');
      if (asked === 'km' || asked === 'mi') return asked;
      try {
        return MILES.includes(new Intl.Locale(navigator.language).maximize().region) ? 'mi' : 'km';
      } catch {
        return 'km';
      }
    }

    #build() {
      const words = this.#words, parts = this.#parts;
      const radii = (this.getAttribute('radii') || '5,10,25,50,100').split(',').map(Number).filter(one => one > 0);
      const radius = Number(this.getAttribute('radius')) || (radii.includes(50) ? 50 : radii[0]);
      const again = () => this.#aim && this.#attempt(signal => this.#look(this.#aim, signal));
      parts.words = make('input', { type: 'search', id: 'words', part: 'input', maxlength: 200, autocomplete: 'off', enterkeyhint: 'search' });
      parts.radius = make('select', { part: 'radius', change: again });
      [...new Set([...radii, radius])].sort((one, other) => one - other).forEach(one => this.#addRadius(one));
      parts.radius.value = radius;
      parts.open = make('input', { type: 'checkbox', change: again });
      parts.open.checked = this.hasAttribute('open-now');
      parts.tags = make('fieldset', { part: 'tags', hidden: true }, make('legend', {}, words.tags));
      parts.again = again;
      (this.getAttribute('filter') || '').split(',').forEach(tag => tag.trim() && this.#tags.add(tag.trim()));
      parts.status = make('p', { class: 'status', part: 'status', role: 'status', tabindex: -1 });
      parts.hints = make('div', { class: 'hints', part: 'hints' });
      parts.list = make('ol', { part: 'list', role: 'list', 'aria-label': words.find });
      parts.more = make('button', { type: 'button', class: 'more', part: 'button more', hidden: true, click: () => this.#continue() }, words.more);
      const form = make('form', { part: 'form', role: 'search', 'aria-label': words.find, submit: event => this.#submit(event) },
        make('div', { class: 'field' }, make('label', { for: 'words', part: 'label' }, words.where),
          make('div', { class: 'line' }, parts.words, make('button', { class: 'main', part: 'button search' }, words.search))),
        navigator.geolocation && isSecureContext && this.getAttribute('locate') !== 'off' &&
          make('button', { type: 'button', class: 'locate', part: 'button locate', click: () => this.locate() }, icon('locate'), words.locate),
        this.getAttribute('filters') !== 'off' && make('div', { class: 'filters', part: 'filters' },
          make('label', {}, words.within, parts.radius), make('label', { class: 'chip', part: 'chip' }, parts.open, words.openOnly), parts.tags));
      const base = make('div', { class: 'base', part: 'base', lang: this.#lang, dir: words.dir || 'ltr' },
        form, parts.status, parts.hints, parts.list, parts.more);
      this.#say(words.prompt);
      this.#offerTags((this.getAttribute('tags') || '').split(',').map(tag => tag.trim()).filter(Boolean));
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      this.shadowRoot.adoptedStyleSheets = [sheet];
      this.shadowRoot.prepend(base);
    }

    #submit(event) {
      event.preventDefault();
      const words = this.#parts.words.value.trim();
      if (!words) return this.#parts.words.focus();
      this.#tell('location_search', { query: this.#harmless(words) });
      this.search(words);
    }

    /** What was typed may be a position; it is told no finer than a town. */
    #harmless(words) {
      return words.replace(/-?\d+\.\d+/g, number => Number(number).toFixed(2)).slice(0, 256);
    }

    #addRadius(value) {
      const options = this.#parts.radius.options;
      if ([...options].some(option => Number(option.value) === value)) return;
      const next = [...options].find(option => Number(option.value) > value);
      this.#parts.radius.insertBefore(make('option', { value }, this.#length(value)), next || null);
    }

    #aimAt(spot) {
      const place = spot.label;
      if (!spot.locations) return { lat: spot.lat, lon: spot.lon, place };
      // An area of the shop is all of its stores there; how far they are from its middle means nothing.
      const near = this.#visitor || { lat: spot.lat, lon: spot.lon };
      return { ...near, place, q: place, spot, isFar: !this.#visitor };
    }

    async #look(aim, signal) {
      this.#aim = aim;
      const answer = await this.#nearby(aim, 0, signal);
      this.#hint();
      if (answer.locations.length) return this.#show(answer.locations, this.#counted(answer.locations));
      this.#show(answer.nearest ? [answer.nearest] : [], this.#missed(answer.nearest));
    }

    async #nearby(aim, offset, signal) {
      const ask = { lat: aim.lat, lon: aim.lon, radius: this.#km(), limit: this.#limit(), offset };
      if (aim.q) ask.q = aim.q;
      if (this.#parts.open.checked) ask.open_now = true;
      if (this.#tags.size) ask.tags = [...this.#tags].join(',');
      const answer = await this.#ask('locations', ask, signal);
      // The name of an area may mean another one to somebody who is elsewhere: then around its middle.
      const { q, spot, ...plain } = aim;
      if (q && !(answer.found && answer.found.match)) return this.#nearby({ ...plain, lat: spot.lat, lon: spot.lon }, offset, signal);
      return answer;
    }

    async #continue() {
      const first = this.#places.length;
      await this.#attempt(async signal => {
        const { locations } = await this.#nearby(this.#aim, first, signal);
        const places = [...this.#places, ...locations];
        this.#show(places, this.#counted(places), locations.length < this.#limit());
        const next = this.#parts.list.children[first];
        if (next) next.focus();
      });
    }

    #counted(places) {
      const { words, more } = { words: this.#words, more: places.length % this.#limit() === 0 };
      const form = new Intl.PluralRules(this.#lang).select(places.length);
      const count = new Intl.NumberFormat(this.#lang).format(places.length) + (more ? '+' : '');
      const stores = fill(words.stores[form] || words.stores.other, { count });
      return fill(this.#aim.q ? words.area : words.near, { stores, radius: this.#radiusText(), place: this.#aim.place });
    }

    #missed(nearest) {
      const words = this.#words, isFiltered = this.#tags.size || this.#parts.open.checked;
      const said = [isFiltered && (this.#aim.q || !nearest) ? words.unfit : fill(words.none, { radius: this.#radiusText(), place: this.#aim.place })];
      if (nearest && !this.#aim.isFar) {
        said.push(fill(words.nearest, { distance: this.#distance(nearest.distance_km) }));
        const needed = this.#unit === 'mi' ? nearest.distance_km / KM : nearest.distance_km;
        const options = [...this.#parts.radius.options].map(option => Number(option.value));
        const wide = options.find(one => one >= needed) || Math.ceil(needed * 1.02 / 50) * 50;
        this.#hint(this.#button(fill(words.widen, { radius: this.#length(wide) }), () => {
          this.#addRadius(wide);
          this.#parts.radius.value = wide;
          this.#parts.again();
        }));
      }
      if (isFiltered) this.#hint(this.#button(words.clear, () => this.#clear()));
      return said.join(' ');
    }

    #clear() {
      this.#tags.clear();
      this.#parts.open.checked = false;
      this.#parts.tags.querySelectorAll('input').forEach(box => { box.checked = false; });
      this.#parts.again();
    }

    #suggest(candidates, attribution) {
      if (candidates.length) this.#hint(make('p', {}, this.#words.mean), ...candidates.map(spot => this.#button(spot.label, () => {
        this.#parts.words.value = spot.label;
        this.#attempt(signal => this.#look(this.#aimAt(spot), signal));
      })));
      if (attribution) this.#hint(make('p', { class: 'credit' }, attribution));
    }

    /** A button among the hints, which goes when it is pressed: the focus goes to what is said then. */
    #button(text, run) {
      return make('button', { type: 'button', part: 'button hint', click: () => { this.#parts.status.focus(); run(); } }, text);
    }

    #hint(...nodes) {
      if (nodes.length) this.#parts.hints.append(...nodes);
      else this.#parts.hints.replaceChildren();
    }

    #say(text) {
      this.#parts.status.textContent = text;
    }

    #show(places, text, isLast = places.length < this.#limit()) {
      this.#places = places;
      this.#say(text);
      this.#parts.list.replaceChildren(...places.map(place => this.#card(place)));
      this.#parts.more.hidden = isLast;
      // The page's own words stand in until there is something better.
      this.shadowRoot.querySelector('slot').hidden = places.length > 0;
      if (!this.getAttribute('tags')) this.#offerTags(this.#telling(places));
      this.#emit('results', { locations: places });
    }

    /** The tags that tell some of these places from others, and those by which they were chosen. */
    #telling(places) {
      const counts = new Map();
      places.forEach(place => (place.tags || []).forEach(tag => counts.set(tag, (counts.get(tag) || 0) + 1)));
      const telling = [...counts].filter(([, count]) => count < places.length).map(([tag]) => tag);
      return [...new Set([...this.#tags, ...telling.sort().slice(0, 8)])];
    }

    #offerTags(tags) {
      const { tags: group } = this.#parts;
      const boxes = new Map([...group.querySelectorAll('input')].map(box => [box.value, box.parentNode]));
      const wanted = tags.map(tag => boxes.get(tag) || this.#chip(tag));
      boxes.forEach((chip, tag) => tags.includes(tag) || chip.remove());
      wanted.forEach(chip => chip.parentNode || group.append(chip));
      group.hidden = !tags.length;
    }

    #chip(tag) {
      const box = make('input', { type: 'checkbox', value: tag, change: () => {
        this.#tags[box.checked ? 'add' : 'delete'](tag);
        this.#parts.again();
      } });
      box.checked = this.#tags.has(tag);
      return make('label', { class: 'chip', part: 'chip' }, box, tag);
    }

    #card(place) {
      const words = this.#words, title = place.name || place.address, actions = [];
      const level = Math.min(Math.max(parseInt(this.getAttribute('heading-level'), 10) || 2, 1), 6);
      const template = this.getAttribute('link-template');
      const page = template ? new URL(template.replace('{id}', encodeURIComponent(place.id)), document.baseURI).href : place.website;
      const choose = (action, event) => click => {
        if (event) this.#tell(event, { location_short_id: place.id });
        if (!this.#emit('select', { location: place, action })) click.preventDefault();
      };
      const outside = (url, name, text, label, event) => actions.push(make('a', {
        href: url, class: 'action', part: `action ${name}`, 'aria-label': `${label}: ${title}`, click: choose(name, event), auxclick: choose(name, event),
        ...(isWeb(url) && { target: '_blank', rel: 'noopener' }),
      }, icon(name), text));
      if (isWeb(place.directions_url)) outside(place.directions_url, 'directions', words.directions, words.directions, 'get_directions_click');
      if (/^\+\d+$/.test(place.phone)) outside(`tel:${place.phone}`, 'call', own(place.phone), fill(words.call, { phone: place.phone }));
      if (isWeb(place.website)) outside(place.website, 'website', words.website, words.website, 'view_store_click');
      const view = choose('view', 'view_store_click');
      const name = isWeb(page) ? make('a', { href: page, part: 'link', click: view, auxclick: view }, own(title)) : own(title);
      return make('li', { class: 'item', part: 'item', tabindex: -1 },
        make('div', { class: 'head' }, make(`h${level}`, { class: 'name', part: 'name' }, name),
          !this.#aim.isFar && make('span', { class: 'distance', part: 'distance' }, this.#distance(place.distance_km))),
        place.name && make('p', { class: 'address', part: 'address' }, own(place.address)),
        ...this.#hours(place), make('div', { class: 'actions', part: 'actions' }, ...actions));
    }

    #hours({ open_now: isOpen, hours_today: today, next_change: change }) {
      const words = this.#words, lines = [];
      if (isOpen !== undefined) {
        const line = make('p', { class: isOpen ? 'open' : 'shut', part: 'hours' }, make('b', {}, isOpen ? words.open : words.closed));
        if (change) line.append(' · ', this.#changing(change, isOpen ? 'closes' : 'opens'));
        lines.push(line);
      }
      if (today && today !== '00:00-24:00') {
        const hours = today.replace(/\d\d:\d\d/g, time => this.#clock(`2000-01-01T${time.replace('24:', '00:')}`)).replaceAll('-', '–');
        lines.push(make('p', { class: 'today', part: 'today' }, fill(words.today, { hours })));
      }
      return lines;
    }

    /** The server says when; all that is left is whether the store's clock shows another day by then. */
    #changing(change, word) {
      const local = change.slice(0, 16), offset = Date.parse(`${local}Z`) - Date.parse(change);
      const isToday = new Date(Date.now() + offset).toISOString().startsWith(change.slice(0, 10));
      const time = this.#clock(local, isToday ? {} : { weekday: 'short' });
      return fill(this.#words[isToday ? word : `${word}On`], { time });
    }

    #clock(local, more) {
      return new Intl.DateTimeFormat(this.#lang, { hour: 'numeric', minute: '2-digit', timeZone: 'UTC', ...more }).format(new Date(`${local}Z`));
    }

    #distance(km) {
      const value = this.#unit === 'mi' ? km / KM : km;
      return this.#length(value, value < 10 ? 1 : 0);
    }

    #length(value, digits = 0) {
      const unit = this.#unit === 'mi' ? 'mile' : 'kilometer';
      return new Intl.NumberFormat(this.#lang, { style: 'unit', unit, maximumFractionDigits: digits }).format(value);
    }

    #radiusText() {
      return this.#length(Number(this.#parts.radius.value));
    }

    #km() {
      const radius = Number(this.#parts.radius.value);
      return Math.min(this.#unit === 'mi' ? Math.round(radius * KM * 1000) / 1000 : radius, EVERYWHERE);
    }

    #limit() {
      return Math.min(Math.max(parseInt(this.getAttribute('limit'), 10) || 20, 1), 100);
    }

    /** Run what asks the server; what was asked before is given up, and what fails can be tried again. */
    async #attempt(run) {
      if (this.#control) this.#control.abort();
      clearInterval(this.#countdown);
      const control = this.#control = new AbortController();
      this.#say(this.#words.searching);
      this.#hint();
      this.#parts.list.setAttribute('aria-busy', 'true');
      try {
        await run(control.signal);
      } catch (error) {
        if (!control.signal.aborted) this.#fail(error, () => this.#attempt(run));
      } finally {
        if (this.#control === control) this.#parts.list.removeAttribute('aria-busy');
      }
    }

    #fail(error, again) {
      const words = this.#words, { status, seconds } = error;
      this.#show([], navigator.onLine === false ? words.offline : status === 429 ? words.busy :
        [401, 403, 404].includes(status) ? words.refused : words.error);
      this.#emit('error', { status: status || 0, message: error.message });
      if ([401, 403, 404].includes(status)) return console.warn(`frontage: ${status}: ${error.message}`);
      const button = this.#button(words.retry, again);
      this.#hint(button);
      if (seconds) this.#hold(button, seconds);
    }

    /** Keep a button until the server takes the next request. */
    #hold(button, seconds) {
      const until = Date.now() + seconds * 1000;
      const tick = () => {
        const left = Math.ceil((until - Date.now()) / 1000);
        button.disabled = left > 0;
        button.textContent = left > 0 ? fill(this.#words.wait, { seconds: left }) : this.#words.retry;
        if (left <= 0) clearInterval(this.#countdown);
      };
      tick();
      this.#countdown = setInterval(tick, 500);
    }

    #url(path) {
      return new URL(`locations/api/v1/public/${path}`, this.getAttribute('api') || new URL('../../', HOME));
    }

    async #ask(path, query, signal) {
      const url = this.#url(path);
      url.search = new URLSearchParams({ ...query, key: this.getAttribute('key') });
      const answer = await fetch(url, { credentials: 'omit', signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]) });
      const body = await answer.json().catch(() => ({}));
      signal.throwIfAborted();
      if (!answer.ok) throw new Refusal(answer.status, body.detail || answer.statusText, Number(answer.headers.get('Retry-After')) || 0);
      return body;
    }

    #emit(name, detail) {
      return this.dispatchEvent(new CustomEvent(`locator-${name}`, { detail, bubbles: true, composed: true, cancelable: true }));
    }

    /** Tell the shop of a step, unless the visitor or the page wants none of it; nothing that fails here is heard. */
    #tell(event, more) {
      if (this.hasAttribute('no-telemetry') || navigator.globalPrivacyControl || navigator.doNotTrack === '1') return;
      try {
        const body = JSON.stringify({ event, api_key: this.getAttribute('key'), referrer: location.origin + location.pathname, ...more });
        const url = this.#url('widget-events').href;
        // Text needs no preflight, without which a beacon of JSON is silently lost.
        if (!navigator.sendBeacon(url, body)) fetch(url, { method: 'POST', body, keepalive: true, mode: 'no-cors' }).catch(() => {});
      } catch {}
    }
  }

  if (!customElements.get(NAME)) customElements.define(NAME, StoreLocator);

  /** A script with a key stands for an element after it. */
  const place = () => {
    const key = TAG && (TAG.dataset.key || new URL(TAG.src).searchParams.get('key'));
    if (!key) return;
    const made = make(NAME, { key });
    for (const { name, value } of TAG.attributes) if (/^data-(?!target$)/.test(name)) made.setAttribute(name.slice(5), value);
    const target = TAG.dataset.target && document.querySelector(TAG.dataset.target);
    if (target) target.append(made);
    else if (TAG.closest('body')) TAG.after(made);
    else document.body.append(made);
  };
  if (document.body) place();
  else addEventListener('DOMContentLoaded', place);
})();
