/** Marks a string as JavaScript, for editors. */
const js = String.raw;

/**
 * Keeps the console up to date. When it hears of a change, it fetches the current page and replaces the
 * sections that differ; without it, a link does the same.
 *
 * Plain JavaScript for browsers, served as is.
 */
export const CONSOLE_SCRIPT = js`'use strict';
(() => {
  // Absent on pages loaded without encryption from another machine.
  if (typeof navigator === 'undefined' || !navigator.clipboard) return;
  document.documentElement.classList.add('copies');
  document.addEventListener('click', async (event) => {
    const button = event.target.closest('button[data-copy]');
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.classList.add('done');
      setTimeout(() => button.classList.remove('done'), 1500);
    } catch {
      getSelection().selectAllChildren(button.previousElementSibling || button);
    }
  });
})();
(() => {
  const SILENT_MILLISECONDS = 45000;
  const RETRY_MILLISECONDS = 5000;
  const LEAST_PAUSE_MILLISECONDS = 1000;
  const AGE_MILLISECONDS = 60000;
  const ANNOUNCE_MILLISECONDS = 10000;
  const NAMES = {
    keys: 'signing keys',
    activity: 'activity',
    credentials: 'credentials',
    revocations: 'revocations',
    configuration: 'configuration',
  };

  const badge = document.querySelector('[data-live]');
  const pause = document.querySelector('[data-pause]');
  const status = document.querySelector('[data-news]');
  if (!badge || !pause || !status || !window.EventSource) return;

  let source;
  let paused = false;
  let ended = false;
  let heard = 0;
  let wanted = false;
  let asking = false;
  let asked = 0;
  let took = 0;
  let timer;
  let retry;
  let changed = new Set();
  let announced = 0;

  function show(word, tone) {
    if (badge.textContent === word) return;
    badge.textContent = word;
    badge.className = 'tag ' + tone;
    badge.hidden = false;
  }

  function open() {
    clearTimeout(retry);
    if (paused || ended || document.hidden) return;
    close();
    show('connecting', '');
    heard = Date.now();
    source = new EventSource('/console/events');
    source.addEventListener('hello', () => {
      heard = Date.now();
      show('live', 'good');
      refreshSoon();
    });
    source.addEventListener('alive', () => {
      heard = Date.now();
    });
    source.addEventListener('changed', (event) => {
      heard = Date.now();
      changed.add(event.data);
      refreshSoon();
    });
    source.addEventListener('over', end);
    source.addEventListener('error', lost);
  }

  function close() {
    if (source) source.close();
    source = undefined;
  }

  function lost() {
    close();
    if (paused || ended || document.hidden) return;
    show('reconnecting', 'warn');
    clearTimeout(retry);
    retry = setTimeout(open, RETRY_MILLISECONDS);
  }

  function end() {
    ended = true;
    close();
    clearTimeout(timer);
    clearTimeout(retry);
    pause.hidden = true;
    show('ended: sign in again', 'bad');
  }

  function refreshSoon() {
    wanted = true;
    if (timer || asking || paused || ended || document.hidden) return;
    // A page that is slow to render is requested less often.
    const due = asked + Math.max(LEAST_PAUSE_MILLISECONDS, 4 * took) - Date.now();
    timer = setTimeout(refresh, Math.max(0, due));
  }

  async function refresh() {
    timer = undefined;
    asking = true;
    wanted = false;
    const parts = changed;
    changed = new Set();
    const began = Date.now();
    try {
      const answer = await fetch(location.href, {
        headers: { 'x-console-refresh': 'yes', accept: 'text/html' },
        cache: 'no-store',
        redirect: 'manual',
        signal: AbortSignal.timeout(20000),
      });
      if (answer.type === 'opaqueredirect' || answer.status === 401 || answer.status === 403) {
        end();
      } else if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
        if (!paused) replace(page, parts);
      }
    } catch {
      // The event stream shows by itself that something is wrong.
    }
    asked = Date.now();
    took = asked - began;
    asking = false;
    if (wanted) refreshSoon();
  }

  function replace(page, parts) {
    const told = [];
    for (const before of document.querySelectorAll('section[data-part]')) {
      const name = before.dataset.part;
      const after = page.querySelector('section[data-part="' + CSS.escape(name) + '"]');
      if (!after || before.innerHTML === after.innerHTML) continue;
      if (isBusy(before)) {
        before.dataset.stale = '';
        continue;
      }
      swap(before, after);
      if (parts.has(name)) told.push(NAMES[name] || name);
    }
    if (told.length > 0 && Date.now() - announced > ANNOUNCE_MILLISECONDS) {
      announced = Date.now();
      status.textContent = 'Updated: ' + told.join(', ');
    }
  }

  /** Do not replace a section that the user is working in. */
  function isBusy(section) {
    const active = document.activeElement;
    if (active && section.contains(active) && active.closest('form')) return true;
    const selection = getSelection();
    if (selection && !selection.isCollapsed && selection.containsNode(section, true)) return true;
    return [...section.querySelectorAll('input, select, textarea')].some((control) => {
      if (control.type === 'hidden') return false;
      if (control.type === 'checkbox' || control.type === 'radio') {
        return control.checked !== control.defaultChecked;
      }
      if (control.options) {
        const first = [...control.options].findIndex((option) => option.defaultSelected);
        return control.selectedIndex !== Math.max(first, 0);
      }
      return control.value !== control.defaultValue;
    });
  }

  function swap(before, after) {
    const mark = topmost();
    const top = mark && mark.getBoundingClientRect().top;
    const focused = before.contains(document.activeElement) ? nameOf(document.activeElement) : undefined;
    const scrolls = [...before.querySelectorAll('.scroll')].map((box) => [box.scrollLeft, box.scrollTop]);
    const opened = [...before.querySelectorAll('details')].map((box) => box.open);
    const fresh = document.importNode(after, true);
    before.replaceWith(fresh);
    fresh.querySelectorAll('details').forEach((box, place) => {
      if (opened[place]) box.open = true;
    });
    fresh.querySelectorAll('.scroll').forEach((box, place) => {
      const [left, height] = scrolls[place] || [0, 0];
      box.scrollLeft = left;
      box.scrollTop = height;
    });
    if (focused) {
      const again = [...fresh.querySelectorAll('a, button, input, select, summary, [tabindex]')].find(
        (element) => nameOf(element) === focused,
      );
      if (again) again.focus({ preventScroll: true });
    }
    if (mark && mark.isConnected) scrollBy(0, mark.getBoundingClientRect().top - top);
  }

  /** The first visible heading: it keeps its position. */
  function topmost() {
    return [...document.querySelectorAll('h1, h2')].find(
      (heading) => heading.getBoundingClientRect().bottom > 0,
    );
  }

  function nameOf(element) {
    return [
      element.tagName,
      element.id,
      element.getAttribute('href'),
      element.getAttribute('aria-label'),
      element.getAttribute('name'),
    ].join(' ');
  }

  pause.hidden = false;
  pause.addEventListener('click', () => {
    paused = !paused;
    pause.textContent = paused ? 'Resume' : 'Pause';
    if (paused) {
      close();
      clearTimeout(timer);
      clearTimeout(retry);
      timer = undefined;
      show('paused', '');
    } else open();
  });
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) {
      close();
      clearTimeout(retry);
    } else open();
  });
  document.addEventListener('focusout', () => {
    if (document.querySelector('[data-stale]')) refreshSoon();
  });
  addEventListener('pagehide', close);
  addEventListener('pageshow', (event) => {
    if (event.persisted) open();
  });
  setInterval(() => {
    if (source && Date.now() - heard > SILENT_MILLISECONDS) lost();
    if (source && Date.now() - asked > AGE_MILLISECONDS) refreshSoon();
  }, 5000);
  open();
})();
`;
