/**
 * To be imported before uPlot, which asks for the language's numbers when it is loaded: in a C locale
 * WebKitGTK calls the language "C", and no Intl takes that.
 */

function usableLanguage() {
  try {
    Intl.getCanonicalLocales(navigator.language);
  } catch {
    Object.defineProperty(navigator, 'language', { value: 'en', configurable: true });
  }
  return navigator.language;
}

export const language = usableLanguage();
