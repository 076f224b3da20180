/** Every test reads texts from the English catalogue, as the page does. */
import { readFileSync } from 'node:fs';
import { load } from '../src/explorer/texts.ts';

load(readFileSync('../crates/app/page/locales/en/explorer.ftl', 'utf8'));
