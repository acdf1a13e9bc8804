/* frontage landing.js, Apache-2.0. The README says what it sends. */
(() => {
  // No failure gets out into the page.
  const safely = run => (...given) => { try { return run(...given); } catch {} };
  const query = address => new URL(address).searchParams;
  const on = (name, run) => addEventListener(name, safely(run), true);

  safely(() => {
    const tag = document.currentScript || document.querySelector('script[data-tenant]');
    // Tag managers drop data attributes, but no query.
    const tenant = tag.dataset.tenant || query(tag.src).get('tenant');
    if (!tenant) return console.warn('frontage: data-tenant is missing');
    const collect = new URL(tag.dataset.collect || '../../api/analytics/track', tag.src).href;
    const frontage = window.frontage = window.frontage || {};
    const mark = collect + tenant; // the same tag twice is one
    if (frontage[mark]) return;
    frontage[mark] = 1;

    let waiting = [], path, since, seen, own;

    // Kept only if a link says so: one of the shop's own people.
    safely(() => {
      const flag = 'frontage-ignore', told = query(location).get(flag);
      if (told === '1') localStorage[flag] = 1;
      if (told === '0') delete localStorage[flag];
      own = localStorage[flag];
    })();

    const post = body => {
      // Offline a beacon is lost. Text needs no preflight.
      if (!navigator.onLine) waiting.length < 50 && waiting.push(body);
      else safely(() => navigator.sendBeacon(collect, body))() ||
        fetch(collect, { method: 'POST', body, keepalive: true, mode: 'no-cors' }).catch(() => {});
    };

    const track = safely((type, more) => own || post(JSON.stringify({
      tenant_id: tenant,
      event_type: type,
      metadata: Object.assign({ page: path.slice(0, 512) }, more),
      // For networks that repeat. randomUUID needs HTTPS.
      event_id: crypto.getRandomValues(new Uint32Array(4)).join('-'),
      timestamp: Date.now(),
    })));

    const look = () => {
      const now = performance.now();
      if (since) seen += now - since;
      since = document.hidden ? 0 : now;
    };

    const view = arriving => {
      path = location.pathname;
      since = seen = 0;
      look();
      const more = {}, from = document.referrer;
      // The server hears of these signals too.
      if (arriving && !navigator.globalPrivacyControl && navigator.doNotTrack !== '1') {
        if (from && from.split('/')[2] !== location.host) more.referrer = from.split(/[?#]/)[0].slice(0, 512);
        for (const [name, value] of query(location))
          if (/^utm_\w+$/.test(name)) more[name] = value.slice(0, 128);
      }
      track('pageview', more);
    };

    const leave = () => {
      look();
      if (seen) track('time_on_page', { seconds: Math.min(Math.round(seen) / 1e3, 86400) });
      since = seen = 0;
    };

    const moved = () => { if (location.pathname !== path) { leave(); view(); } };

    const click = event => {
      if (event.button > 1) return;
      let type, more = {};
      // Leads out of shadow trees too.
      for (const at of event.composedPath()) {
        if (!at.getAttribute) continue;
        const link = at.getAttribute('href') || '', product = at.getAttribute('data-frontage-product');
        type = type || at.getAttribute('data-frontage-event') || /^tel:/i.test(link) && 'click_call' ||
          /^whatsapp:|^(https?:)?\/\/(wa\.me|\w+\.whatsapp\.com)\//i.test(link) && 'click_whatsapp';
        if (product && !more.product_id) more.product_id = product;
      }
      if (type || more.product_id) track(type || 'product_click', more);
    };

    const start = () => {
      view(true);
      // Who reloads or comes back did not scan again.
      const code = query(location).get('qr'), [how] = performance.getEntriesByType('navigation');
      if (code && (!how || /^[np]/.test(how.type))) track('qr_scan', { qr: code.slice(0, 64) });
      on('visibilitychange', look);
      on('pagehide', leave);
      on('pageshow', event => event.persisted && view());
      on('popstate', moved);
      on('online', () => waiting.splice(0).forEach(post));
      on('click', click);
      on('auxclick', click);
      safely(() => {
        const push = history.pushState;
        history.pushState = function () { push.apply(this, arguments); safely(moved)(); };
      })();
      const before = frontage.track, early = frontage.queue;
      frontage.track = (...given) => { before && before(...given); track(...given); };
      frontage.queue = { push: given => frontage.track(...given) };
      Array.isArray(early) && early.forEach(given => track(...given));
    };

    // No visitor yet.
    document.prerendering ? on('prerenderingchange', start) : start();
  })();
})();
