/* frontage shopify.js, Apache-2.0: passes the events of a Shopify customer-events pixel on; the README says how to install it.

   frontageShopify({ analytics, browser, init, customerPrivacy }, { token: 'cpk_…', collect: 'https://…/beacon' })

   It runs in Shopify's sandbox, a frame or a worker without the shop's page: everything goes by the objects that are handed in. */
self.frontageShopify = (shop, settings) => {
  'use strict';
  const STORE = 'frontage-session', HALF_AN_HOUR = 18e5, MOST_WAITING = 500;
  const collect = new URL(settings.collect);
  collect.searchParams.set('token', settings.token);

  // The customer's choice, as it is now: nothing leaves before they agree to analytics, or after they no longer do.
  let privacy = (shop.init && shop.init.customerPrivacy) || {};
  if (shop.customerPrivacy) {
    shop.customerPrivacy.subscribe('visitorConsentCollected', event => {
      privacy = event.customerPrivacy;
      if (!privacy.analyticsProcessingAllowed) waiting = [];
    });
  }

  // The sandbox's storage answers later, so that events come one after the other.
  const newId = () => crypto.getRandomValues(new Uint32Array(4)).join('-');
  let session = {};
  const recall = async () => {
    const now = Date.now();
    try {
      if (!session.id) session = JSON.parse(await shop.browser.sessionStorage.getItem(STORE)) || {};
      if (!(session.at > now - HALF_AN_HOUR)) session.id = newId();
      session.at = now;
      await shop.browser.sessionStorage.setItem(STORE, JSON.stringify(session));
    } catch { // a session of this page alone
      session = { id: session.id || newId(), at: now };
    }
    return session.id;
  };

  let waiting = [], busy = false, tries = 0, timer;
  const deliver = async body => {
    // Shopify's own sendBeacon outlives the page; it says false when it cannot take the event.
    try { if (shop.browser.sendBeacon && await shop.browser.sendBeacon(collect.href, body)) return true; } catch {}
    const answer = await fetch(collect.href, { method: 'POST', body, keepalive: true });
    return answer.status !== 429 && answer.status < 500;
  };

  const flush = async () => {
    if (busy) return;
    busy = true;
    clearTimeout(timer);
    while (waiting.length) {
      const sent = waiting[0];
      let done = false;
      try { done = await deliver('{"events":[' + sent + ']}'); } catch {}
      if (!done) {
        // It keeps its id, so that it counts once even if only the answer was lost.
        timer = setTimeout(flush, Math.min(1e3 * 2 ** tries++, 6e4));
        break;
      }
      tries = 0;
      if (waiting[0] === sent) waiting.shift();
    }
    busy = false;
  };

  let turn = Promise.resolve();
  const pass = (type, event, fields) => {
    if (!privacy.analyticsProcessingAllowed || !fields) return;
    turn = turn.then(async () => {
      const customer = shop.init && shop.init.data && shop.init.data.customer;
      const from = new URL(event.context.document.location.href).searchParams;
      const campaign = {};
      for (const name of ['source', 'medium', 'campaign']) {
        if (privacy.marketingAllowed && from.get('utm_' + name)) campaign['marketing_' + name] = from.get('utm_' + name).slice(0, 255);
      }
      const told = JSON.stringify(Object.assign({
        event_id: event.id,
        event_type: type,
        timestamp: event.timestamp,
        session_id: await recall(),
        device_id: event.clientId || undefined,
        customer_id: customer ? customer.id : undefined,
      }, campaign, fields));
      // They may have changed their mind while storage answered.
      if (!privacy.analyticsProcessingAllowed) return;
      waiting.push(told);
      if (waiting.length > MOST_WAITING) waiting.shift();
      flush();
    }).catch(() => {});
  };

  const variant = one => ({ product_id: one.product.id, variant_id: one.id });
  // Shopify tells a collection's id and title; its handle stands in the address.
  const handle = event => (/\/collections\/([^/?#]+)/.exec(event.context.document.location.href) || [])[1];
  const known = {
    product_viewed: ['product_view', event => variant(event.data.productVariant)],
    product_added_to_cart: ['add_to_cart', event => Object.assign(variant(event.data.cartLine.merchandise), {
      contextual_data: { quantity: event.data.cartLine.quantity },
    })],
    collection_viewed: ['collection_view', event => ({
      collection_handle: handle(event) ? decodeURIComponent(handle(event)) : event.data.collection.id,
    })],
    search_submitted: ['search', event => ({
      query: event.data.searchResult.query,
      contextual_data: { results: event.data.searchResult.productVariants.length },
    })],
  };
  for (const [name, [type, fields]] of Object.entries(known)) {
    shop.analytics.subscribe(name, event => pass(type, event, fields(event)));
  }

  // What a theme tells by itself: Shopify.analytics.publish('frontage:product_click', { product_id: 1, position: 3 }).
  for (const type of ['product_click', 'product_impression', 'product_hover', 'product_touch', 'autocomplete', 'block_view']) {
    shop.analytics.subscribe('frontage:' + type, event => pass(type, event, event.customData));
  }
};
