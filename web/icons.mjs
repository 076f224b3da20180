// The sprite of icons that pages use (Lucide, ISC): `<svg><use href="...icons.svg#search"/></svg>`. A name that the package does not have fails the build.
import { readFileSync } from 'node:fs';

/** Names of the icons; crates/app/page/src/icons.rs names no other. */
export const ICONS = [
  'arrow-left', 'arrow-right', 'badge-check', 'ban', 'bell', 'book-open', 'calendar', 'chart-column', 'check', 'clock', 'code', 'coins', 'copy', 'download',
  'external-link', 'eye', 'file-plus', 'file-text', 'fingerprint-pattern', 'flag', 'folder', 'gavel', 'git-pull-request', 'globe', 'graduation-cap', 'handshake',
  'house', 'inbox', 'info', 'key', 'layout-dashboard', 'lightbulb', 'link', 'list-checks', 'lock', 'log-in', 'log-out', 'mail', 'megaphone', 'menu', 'message-square',
  'monitor', 'network', 'package', 'paperclip', 'pause', 'pencil', 'play', 'plug', 'plus', 'printer', 'radar', 'refresh-cw', 'rotate-cw', 'save', 'scale', 'scroll-text', 'search',
  'send', 'settings', 'share-2', 'shield-alert', 'square', 'star', 'tag', 'trash', 'triangle-alert', 'undo-2', 'upload', 'user-cog', 'user-plus', 'users',
  'webhook', 'x', 'zap',
];

/** The sprite as a text. */
export function sprite() {
  const { icons, width = 24, height = 24 } = JSON.parse(readFileSync(new URL('node_modules/@iconify-json/lucide/icons.json', import.meta.url), 'utf8'));
  const symbols = ICONS.map((name) => {
    const icon = icons[name];
    if (!icon) throw new Error(`icons.mjs: Lucide has no icon ${name}`);
    if (/<script|href=|on[a-z]+=/i.test(icon.body)) throw new Error(`icons.mjs: ${name} holds more than shapes`);
    return `<symbol id="${name}" viewBox="0 0 ${icon.width ?? width} ${icon.height ?? height}">${icon.body}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join('\n')}\n</svg>\n`;
}
