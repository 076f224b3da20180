/** In the head of a page, before its styles and not deferred: a chosen theme and density hold for the first paint. */
import { apply, read } from './settings.ts';

apply(read());
