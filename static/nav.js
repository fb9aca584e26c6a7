/* The bar's pages, the same on all of them, and the least role that has a use for each. */
import { el, fill } from '/static/dom.js';

const PAGES = [
	['/', 'Dashboard', 'supervisor'], ['/upload', 'Upload', 'office'], ['/uploads', 'Uploads', 'scanner'],
	['/scan', 'Scan', 'scanner'], ['/waybills', 'Waybills', 'scanner'], ['/sessions', 'Sessions', 'scanner'],
	['/unknown-scans', 'Unknown scans', 'supervisor'],
];
const ADMIN = [['/users', 'Users', 'admin'], ['/audit', 'Audit', 'admin']];

const here = (path) => location.pathname === path
	|| (path !== '/' && location.pathname.startsWith(`${path}/`));

/* may(role): whether who is there has that role or a higher one; admin: the pages that are
 * there only where people log in. */
export function navigate(may, admin) {
	const nav = document.querySelector('.top nav');
	if (nav) {
		fill(nav, ...[...PAGES, ...(admin ? ADMIN : [])].map(([path, text, least]) => may(least)
			&& el('a', { href: path, 'aria-current': here(path) && 'page' }, text)));
	}
}

navigate(() => true, false);
