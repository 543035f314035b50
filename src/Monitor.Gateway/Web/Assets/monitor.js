// Comfort: everything here also works without it. Live parts, relative times, select all, asking before deleting, rows in forms.
(() => {
  'use strict';

  const html = document.documentElement;
  const words = JSON.parse(html.dataset.words || '[]');
  const [justNow, ago, inTime, second, seconds, minute, minutes, hour, hours, day, days] = words;
  const fill = (text, value) => text.replace('{0}', value);

  // The browser's time zone, told once, so that the server writes times as the visitor reads them.
  const tellZone = () => {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const known = document.cookie.split('; ').some((pair) => pair === 'monitor_zone=' + encodeURIComponent(zone));
    if (!zone || known) {
      return;
    }

    document.cookie = 'monitor_zone=' + encodeURIComponent(zone) + '; path=/; max-age=31536000; samesite=lax';
    const kept = document.cookie.includes('monitor_zone=');
    if (kept && html.dataset.zone !== zone && html.dataset.readable === 'true') {
      location.reload();
    }
  };

  const amount = (total) => {
    const say = (count, one, many) => fill(count === 1 ? one : many, count);
    if (total < 60) { return say(total, second, seconds); }
    if (total < 3600) { return say(Math.floor(total / 60), minute, minutes); }
    if (total < 86400) { return say(Math.floor(total / 3600), hour, hours); }
    return say(Math.floor(total / 86400), day, days);
  };

  const since = (time) => {
    const passed = Math.floor((Date.now() + skew - Date.parse(time)) / 1000);
    if (passed < -5) { return fill(inTime, amount(-passed)); }
    return passed < 5 ? justNow : fill(ago, amount(passed));
  };

  // Our clock against the server's: "3 minutes ago" is by the server's.
  let skew = 0;
  const tellTimes = (root) => {
    for (const element of root.querySelectorAll('time[data-ago]')) {
      const text = since(element.getAttribute('datetime'));
      if (element.textContent !== text) { element.textContent = text; }
    }
  };

  const openDetails = (root) => [...root.querySelectorAll('details[id]')].filter((item) => item.open).map((item) => item.id);

  // Replaces one part; what was open stays open, what was checked stays checked, what had the focus has it again.
  const replace = (id, text) => {
    const old = document.getElementById(id);
    if (!old) { return; }
    const template = document.createElement('template');
    template.innerHTML = text;
    const fresh = template.content.firstElementChild;
    if (!fresh) { return; }
    const active = old.contains(document.activeElement) ? document.activeElement : null;
    const place = active && (active.id || active.getAttribute('href'));
    const checked = [...old.querySelectorAll('input[type=checkbox]:checked')].map((box) => box.name + '=' + box.value);
    const open = openDetails(old);
    for (const item of fresh.querySelectorAll('details[id]')) { item.open = open.includes(item.id); }
    for (const box of fresh.querySelectorAll('input[type=checkbox]')) { box.checked = checked.includes(box.name + '=' + box.value); }
    old.replaceWith(fresh);
    tellTimes(fresh);
    if (active) {
      const again = place && (active.id ? document.getElementById(active.id) : [...fresh.querySelectorAll('a')].find((link) => link.getAttribute('href') === place));
      if (again) { again.focus({ preventScroll: true }); }
    }
  };

  // The page is another one now: its main part is read anew, unless somebody is writing in it.
  const readAnew = async () => {
    const main = document.getElementById('main');
    if (main.querySelector('input:focus, textarea:focus, select:focus')) { return; }
    const answer = await fetch(location.href, { headers: { Accept: 'text/html' }, credentials: 'same-origin' });
    if (!answer.ok) { location.reload(); return; }
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const fresh = page.getElementById('main');
    if (fresh) {
      main.replaceChildren(...fresh.childNodes);
      document.title = page.title;
      dress(main);
    }
  };

  const state = document.getElementById('live-state');
  const showLive = (on) => {
    if (!state) { return; }
    state.hidden = false;
    state.className = 'live-state ' + (on ? 'on' : 'lost');
    state.textContent = on ? state.dataset.on : state.dataset.lost;
  };

  let down = Number(document.getElementById('nav-count')?.dataset.count || 0);
  const announceCount = () => {
    const badge = document.getElementById('nav-count');
    const now = Number(badge?.dataset.count || 0);
    if (now === down) { return; }
    down = now;
    document.title = (now > 0 ? '(' + now + ') ' : '') + document.title.replace(/^\(\d+\) /, '');
    document.getElementById('announce').textContent = badge.textContent;
  };

  const follow = () => {
    const address = document.body.dataset.live;
    if (!address || !window.EventSource) { return; }
    let last = document.body.dataset.since || '0';
    let source = null;
    let away = false;
    const open = () => {
      if (away) { return; }
      source = new EventSource(address + (address.includes('?') ? '&' : '?') + 'since=' + last);
      source.onopen = () => showLive(true);
      source.onmessage = (event) => {
        const news = JSON.parse(event.data);
        last = String(news.at);
        skew = news.at - Date.now();
        for (const [id, text] of Object.entries(news.set)) { replace(id, text); }
        if (news.stale) { setTimeout(readAnew, Math.random() * 2000); }
        announceCount();
      };
      source.onerror = () => {
        showLive(false);
        // The browser asks again by itself with the old address; we ask with what we know by now.
        source.close();
        setTimeout(open, 2000 + Math.random() * 2000);
      };
    };
    open();

    // A browser has few connections to one site: a page that nobody has looked at for a while gives its own back.
    let leaving = 0;
    document.addEventListener('visibilitychange', () => {
      clearTimeout(leaving);
      if (document.hidden) {
        leaving = setTimeout(() => { away = true; source.close(); }, 120000);
      } else if (away) {
        away = false;
        open();
      }
    });
    addEventListener('pagehide', () => source.close());
    addEventListener('pageshow', (event) => { if (event.persisted) { location.reload(); } });
  };

  const count = (form) => {
    for (const place of form.querySelectorAll('[data-count-of]')) {
      const chosen = form.querySelectorAll('input[name="' + place.dataset.countOf + '"]:checked').length;
      place.textContent = chosen ? '(' + chosen + ')' : '';
    }
  };

  const dress = (root) => {
    for (const all of root.querySelectorAll('[data-check-all]')) { all.hidden = false; }
    for (const button of root.querySelectorAll('[data-add-row]')) { button.hidden = false; }
    for (const pressed of root.querySelectorAll('[data-focus]')) { pressed.focus(); }
    tellTimes(root);
  };

  addEventListener('change', (event) => {
    const box = event.target;
    if (box.dataset?.checkAll) {
      for (const other of box.form.querySelectorAll('input[name="' + box.dataset.checkAll + '"]')) { other.checked = box.checked; }
    }
    if (box.form) { count(box.form); }
    if (box.name === 'channel' && box.checked) {
      const these = box.form.querySelector('input[name=tell][value=these]');
      if (these) { these.checked = true; }
    }
  });

  addEventListener('click', (event) => {
    const add = event.target.closest('[data-add-row]');
    if (add) {
      const rows = add.parentElement.querySelector('.map-rows');
      const row = rows.lastElementChild.cloneNode(true);
      for (const input of row.querySelectorAll('input')) { input.value = ''; }
      rows.append(row);
      row.querySelector('input').focus();
    }
    for (const menu of document.querySelectorAll('details.menu[open]')) {
      if (!menu.contains(event.target)) { menu.open = false; }
    }
  });

  addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      for (const menu of document.querySelectorAll('details.menu[open]')) { menu.open = false; menu.querySelector('summary').focus(); }
    }
    if (event.key === '/' && !event.target.closest('input, textarea, select')) {
      const search = document.querySelector('input[type=search]');
      if (search) { event.preventDefault(); search.focus(); }
    }
  });

  addEventListener('submit', (event) => {
    const form = event.target;
    if (form.dataset.ask && !confirm(form.dataset.ask)) { event.preventDefault(); return; }
    if (form.dataset.busy !== undefined) { form.setAttribute('aria-busy', 'true'); }
  });

  tellZone();
  dress(document);
  follow();
  setInterval(() => { if (!document.hidden) { tellTimes(document); } }, 1000);
})();
