/* frontage pixel.js, Apache-2.0. Stores nothing without consent; the README says what it sends. */
(() => {
  'use strict';
  // Nothing that fails in here gets out into the page.
  const safely = run => (...given) => { try { return run(...given); } catch {} };
  const on = (target, name, run) => target.addEventListener(name, safely(run), true);
  const STORE = 'frontage-pixel';

  const start = safely((tag, collect, token) => {
    collect.searchParams.set('token', token);
    const frontage = window.frontage = window.frontage || {};
    if (frontage[collect]) return;
    frontage[collect] = 1;

    // randomUUID needs HTTPS.
    const newId = () => crypto.getRandomValues(new Uint32Array(4)).join('-');
    const quiet = navigator.globalPrivacyControl || navigator.doNotTrack === '1';
    let consent = tag.dataset.consent, who = { session: newId() };

    const recall = safely(() => {
      if (consent !== 'granted' || quiet) return;
      const at = Date.now(), kept = JSON.parse(localStorage.getItem(STORE)) || who;
      who = { session: kept.at < at - 18e5 ? newId() : kept.session, device: kept.device || newId(), at };
      localStorage.setItem(STORE, JSON.stringify(who));
    });

    // The queue holds text: no prototype of the page changes it.
    let queue = [], sending = 0, tries = 0, timer, left, scanning, path, told;

    const track = safely((type, fields) => {
      if (consent === 'denied') return;
      recall();
      queue.push(JSON.stringify(Object.assign({
        event_id: newId(), event_type: type, timestamp: Date.now(),
        session_id: who.session, device_id: who.device, customer_id: tag.dataset.customer,
      }, campaign, fields)));
      if (queue.length > 1000) queue.splice(sending, 1);
      plan();
    });

    const plan = wait => {
      if (wait) clearTimeout(timer);
      else if (timer) return;
      timer = setTimeout(() => {
        timer = 0;
        (window.requestIdleCallback || setTimeout)(flush, { timeout: 1000 });
      }, wait || 300);
    };

    const batch = from => {
      let to = from, bytes = 16;
      while (to < queue.length && to - from < 100 && (bytes += new Blob([queue[to]]).size + 1) <= 61440) to++;
      return queue.slice(from, Math.max(to, from + 1));
    };

    const body = events => '{"events":[' + events.join() + ']}';
    const post = (events, keepalive) => fetch(collect, { method: 'POST', body: body(events), keepalive });

    // Without an answer it is sent again; the ids stay.
    const flush = safely(() => {
      if (sending || !queue.length || navigator.onLine === false) return;
      const events = batch(0);
      sending = events.length;
      post(events, true).then(answer => {
        if (answer.status === 429 || answer.status > 499) throw +answer.headers.get('Retry-After');
        if (!answer.ok) console.warn('frontage: events refused, ' + answer.status);
        queue.splice(0, sending);
        sending = tries = 0;
        queue.length && plan();
      }).catch(seconds => {
        sending = 0;
        plan(Math.max(seconds * 1e3 || 0, Math.min(1e3 * 2 ** tries++, 6e4) * (1 + Math.random()) / 2));
      });
    });

    // All stays in the queue: the page may come back from the bfcache.
    const leave = () => {
      for (let from = sending; from < queue.length;) {
        const events = batch(from);
        from += events.length;
        // Requests that outlive a page share 64 KiB.
        safely(() => navigator.sendBeacon(collect, body(events)))() ||
          post(events, true).catch(() => post(events)).catch(() => {});
      }
    };

    const campaign = {};
    for (const [name, value] of new URL(location).searchParams)
      if (!quiet && /^utm_(source|medium|campaign)$/.test(name)) campaign['marketing' + name.slice(3)] = value.slice(0, 255) || undefined;

    const has = name => '[data-frontage-' + name + ']';
    const near = (at, name) => (at = at.closest(has(name))) && at.getAttribute('data-frontage-' + name) || undefined;
    const place = at => {
      const fields = {}, product = at.closest(has('product')), results = near(at, 'results');
      for (const field of ['product_id', 'variant_id', 'block_id', 'search_id', 'attribution_token', 'collection_handle', 'query'])
        fields[field] = near(at, field.split('_')[0]);
      const list = product && (product.parentElement && product.parentElement.closest(has('block')) || product.getRootNode()).querySelectorAll(has('product'));
      fields.position = +near(at, 'position') || (list ? [...list].indexOf(product) + 1 : undefined);
      fields.contextual_data = results && { results: +results };
      return fields;
    };

    const once = (type, fields) => {
      if (path !== location.pathname) told = {};
      path = location.pathname;
      const mark = type + JSON.stringify(fields);
      if (!told[mark]) track(type, fields);
      told[mark] = 1;
    };

    const seen = new IntersectionObserver(safely(entries => entries.forEach(entry => {
      // What is larger than the screen never shows half of itself.
      if (entry.intersectionRatio >= 0.5 || entry.intersectionRect.height > innerHeight / 2)
        once(entry.target.matches(has('product')) ? 'product_impression' : 'block_view', place(entry.target));
    })), { threshold: [0, 0.25, 0.5] });

    const each = (name, run) => document.querySelectorAll(has(name)).forEach(run);
    const scan = safely(() => {
      scanning = 0;
      // Anew: an element may have been given another product.
      const observe = at => { seen.unobserve(at); seen.observe(at); };
      each('product', observe);
      each('block', observe);
      each('view', at => once('product_view', Object.assign(place(at), { product_id: near(at, 'view') })));
      each('collection', at => once('collection_view', place(at)));
      each('query', at => once('search', place(at)));
    });

    const click = event => {
      const at = event.composedPath().find(one => one.closest && one.closest(has('product') + ',' + has('add')));
      if (!at || event.button > 1) return;
      const add = at.closest(has('add')), fields = place(at);
      fields.product_id = near(at, 'add') || fields.product_id;
      track(add ? 'add_to_cart' : 'product_click', fields);
    };

    on(window, 'click', click);
    on(window, 'auxclick', click);
    on(window, 'online', flush);
    on(window, 'pageshow', () => { left = 0; plan(); });
    on(window, 'pagehide', () => { left = 1; leave(); });
    on(document, 'visibilitychange', () => document.hidden && !left && flush());
    new MutationObserver(() => { scanning = scanning || setTimeout(scan, 100); }).observe(document, {
      subtree: true, childList: true,
      attributeFilter: ['product', 'view', 'collection', 'query'].map(name => 'data-frontage-' + name),
    });
    scan();

    const before = frontage.pixel || {}, mine = frontage.pixel = {
      track: (...given) => { before.track && before.track(...given); track(...given); },
      consent: state => {
        before.consent && before.consent(state);
        consent = state;
        if (state !== 'denied') return;
        queue = [];
        who = { session: newId() };
        safely(() => localStorage.removeItem(STORE))();
      },
    };
    for (const [name, ...given] of before.queue || []) mine[name](...given);
  });

  safely(() => {
    const tag = document.currentScript || document.querySelector('script[data-token]'), src = new URL(tag.src);
    const token = tag.dataset.token || src.searchParams.get('token');
    if (!token) return console.warn('frontage: data-token is missing');
    const begin = () => start(tag, new URL(tag.dataset.collect || '../../beacon', src), token);
    // A prerendered page has no visitor yet.
    document.prerendering ? on(document, 'prerenderingchange', begin) : begin();
  })();
})();
