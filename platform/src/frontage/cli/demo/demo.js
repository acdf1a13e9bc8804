/* The demo's moving parts: what the page tells as it leaves, and what the server counted, read again and again. */
(() => {
  'use strict';
  const SOON = 1500, LATER = 6000, PATIENT = 60000, LONGEST = 40;
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
  let lively = performance.now();

  const make = (tag, text, ...children) => {
    const made = document.createElement(tag);
    if (text) made.textContent = text;
    made.append(...children);
    return made;
  };
  const draw = (tag, attributes) => {
    const drawn = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const [name, value] of Object.entries(attributes)) drawn.setAttribute(name, value);
    return drawn;
  };

  /** What one event says beyond its name, shortly. */
  const HIDDEN = /^(event|event_type|event_id|timestamp|tenant_id|session_id|device_id|api_key|referrer|metadata|contextual_data|position|page|block_id|collection_handle)$/;
  const detail = event => Object.entries({ ...event, ...event.metadata })
    .filter(([name, value]) => !HIDDEN.test(name) && value !== undefined && value !== null)
    .map(([, value]) => String(value)).join(' · ').slice(0, 80);

  const tell = (name, more) => {
    const list = document.querySelector('.told');
    if (!list) return;
    const now = make('time', new Date().toLocaleTimeString('en-GB'));
    list.prepend(make('li', '', make('b', name), make('span', more), now));
    while (list.children.length > LONGEST) list.lastChild.remove();
    lively = performance.now();
  };
  const hear = body => {
    try {
      const told = JSON.parse(body);
      for (const event of told.events || [told]) tell(event.event || event.event_type, detail(event));
    } catch {}
  };

  // Before the shop's scripts are there, so that everything they send is heard; it goes out as it came.
  const { sendBeacon } = navigator, { fetch } = window;
  navigator.sendBeacon = (url, body) => {
    const sent = sendBeacon.call(navigator, url, body);
    if (sent) hear(body);
    return sent;
  };
  window.fetch = (url, options) => {
    const asked = new URL(url, location);
    if (options && options.method === 'POST') hear(options.body);
    else if (asked.pathname.includes('/public/')) tell(asked.pathname.split('/').pop(), asked.searchParams.get('q') || '');
    return fetch(url, options);
  };

  const count = (shown, value) => {
    const before = shown.value;
    shown.value = value;
    if (before === value) return;
    if (before === undefined || calm) shown.textContent = whole.format(value);
    else {
      const began = performance.now();
      const step = now => {
        if (shown.value !== value) return;
        const part = Math.min((now - began) / 500, 1);
        shown.textContent = whole.format(part < 1 ? Math.round(before + (value - before) * part) : value);
        if (part < 1) requestAnimationFrame(step);
      };
      requestAnimationFrame(step);
      shown.classList.remove('changed');
      void shown.offsetWidth;
      shown.classList.add('changed');
    }
  };

  /** A row of bars; those that are there grow and shrink, so that a change is seen. */
  const bars = (place, label, points) => {
    const width = 6, gap = 2, height = 100, greatest = Math.max(1, ...points.map(one => one.value));
    let svg = place.querySelector('svg');
    if (!svg || svg.childElementCount !== points.length) {
      svg = draw('svg', { viewBox: `0 0 ${points.length * (width + gap) - gap} ${height}`, preserveAspectRatio: 'none', role: 'img' });
      svg.append(...points.map((_, at) => draw('rect', { x: at * (width + gap), width, y: height, height: 0, rx: 1 })));
      place.replaceChildren(svg);
      void svg.getBoundingClientRect();
    }
    const last = points.at(-1);
    svg.setAttribute('aria-label', last ? `${label}: ${whole.format(last.value)} at ${last.at}, at most ${whole.format(greatest)}` : label);
    points.forEach((one, at) => {
      const tall = Math.max(one.value / greatest * height, 1.5), rect = svg.children[at];
      rect.setAttribute('y', height - tall);
      rect.setAttribute('height', tall);
      rect.setAttribute('class', at === points.length - 1 ? 'last' : 'bar');
      if (!rect.firstChild) rect.append(draw('title', {}));
      rect.firstChild.textContent = `${one.at}: ${whole.format(one.value)}`;
    });
  };

  const steps = (cell, part) => {
    let svg = cell.querySelector('svg');
    if (!svg) {
      svg = draw('svg', { viewBox: '0 0 100 8', preserveAspectRatio: 'none', 'aria-hidden': true });
      svg.append(draw('rect', { class: 'track', width: 100, height: 8 }), draw('rect', { class: 'part', width: 0, height: 8 }));
      cell.append(svg);
      void svg.getBoundingClientRect();
    }
    svg.lastChild.setAttribute('width', Math.max(part * 100, part && 1.5));
  };

  const show = (place, told) => {
    const greatest = Math.max(1, ...told.figures.map(one => one.value || 0));
    for (const cell of place.querySelectorAll('[data-figure]')) {
      const { value } = told.figures[cell.dataset.figure] || {};
      if (value === null || value === undefined) continue;
      count(cell.querySelector('dd'), value);
      if (place.querySelector('.steps')) steps(cell, value / greatest);
    }
    const drawn = place.querySelector('[data-course]');
    if (drawn && told.course.length) bars(drawn, drawn.dataset.course, told.course);
  };

  const follow = place => {
    const look = async () => {
      if (!document.hidden) {
        try {
          const answer = await fetch(place.dataset.numbers);
          if (!answer.ok) throw new Error(answer.status);
          show(place, await answer.json());
          place.dataset.state = 'live';
        } catch {
          place.dataset.state = 'away';
        }
      }
      const isQuiet = performance.now() - lively > PATIENT || !place.matches('.panel');
      setTimeout(look, isQuiet ? LATER : SOON);
    };
    look();
    document.addEventListener('visibilitychange', () => { lively = performance.now(); });
  };

  addEventListener('DOMContentLoaded', () => document.querySelectorAll('[data-numbers]').forEach(follow));
})();
