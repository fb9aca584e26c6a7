/* Scans a minute as bars, and as a table with the same figures. */
import { byId, clock, count, fill, rows } from '/static/dom.js';

const MINUTES = 60;
const WIDTH = 600;
const HEIGHT = 100;
const SVG = 'http://www.w3.org/2000/svg';

function shape(tag, attributes) {
	const node = document.createElementNS(SVG, tag);
	for (const [name, value] of Object.entries(attributes)) {
		node.setAttribute(name, value);
	}
	return node;
}

/*
 * perMinute: [{ minute, scans }], any order, minutes without scans left out. The axis is
 * time, so those stay as gaps. Returns the scans of the hour shown.
 */
export function chart(perMinute) {
	const points = perMinute.map((p) => ({ ...p, at: Math.floor(Date.parse(p.minute) / 60000) }));
	const end = Math.floor(Date.now() / 60000);
	const shown = points.filter((p) => p.at > end - MINUTES && p.at <= end)
		.sort((a, b) => a.at - b.at);
	const most = Math.max(1, ...shown.map((p) => p.scans));
	const slot = WIDTH / MINUTES;
	fill(byId('chart'),
		shape('line', { x1: 0, x2: WIDTH, y1: HEIGHT - 0.5, y2: HEIGHT - 0.5 }),
		...shown.map((p) => {
			const height = (HEIGHT - 4) * p.scans / most;
			return shape('rect', { x: (p.at - end + MINUTES - 1) * slot + 1, width: slot - 2,
				y: HEIGHT - height, height });
		}));
	byId('chart-from').textContent = 'an hour ago';
	byId('chart-to').textContent = `now, highest ${count(shown.length > 0 ? most : 0)}`;
	rows(byId('minute-rows'), shown.map((p) => [clock(p.minute).slice(0, 5), count(p.scans)]).reverse(), [1]);
	return shown.reduce((sum, p) => sum + p.scans, 0);
}
