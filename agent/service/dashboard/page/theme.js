// Runs before the first paint, so that a chosen theme does not flash.
const order = ['system', 'light', 'dark'];

function storedTheme() {
  try {
    return localStorage.getItem('theme') ?? 'system';
  } catch {
    return 'system';
  }
}

function applyTheme(theme) {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

function nextTheme() {
  const theme = order[(order.indexOf(storedTheme()) + 1) % order.length];
  try {
    localStorage.setItem('theme', theme);
  } catch {}
  applyTheme(theme);
  window.dispatchEvent(new Event('themechange'));
  return theme;
}

applyTheme(storedTheme());
window.underfootTheme = { next: nextTheme, current: storedTheme };
