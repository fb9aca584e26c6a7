/*
 * Volume, mute and "stop on error": kept for each station, and shown by every control of
 * these classes on the page.
 */
import { recall, remember } from '/static/memory.js';

const FRESH = { volume: 0.8, muted: false, stop: false };

export class Levels {
	#station;
	#changed;

	/* station() names it; changed({ volume, muted, stop }) is told each change. */
	constructor(station, changed) {
		this.#station = station;
		this.#changed = changed;
		this.#each('.volume', 'input', (slider) => ({ volume: slider.value / 100 }));
		this.#each('.mute', 'change', (box) => ({ muted: box.checked }));
		this.#each('.stop-on-error', 'change', (box) => ({ stop: box.checked }));
	}

	/* The station may be another one. */
	load() {
		const now = this.now;
		document.querySelectorAll('.volume').forEach((e) => { e.value = Math.round(now.volume * 100); });
		document.querySelectorAll('.mute').forEach((e) => { e.checked = now.muted; });
		document.querySelectorAll('.stop-on-error').forEach((e) => { e.checked = now.stop; });
		this.#changed(now);
	}

	get now() {
		return { ...FRESH, ...recall(this.#name, {}) };
	}

	get #name() {
		return `sound.${this.#station()}`;
	}

	#each(selector, event, change) {
		for (const control of document.querySelectorAll(selector)) {
			control.addEventListener(event, () => {
				remember(this.#name, { ...this.now, ...change(control) });
				this.load();
			});
		}
	}
}
