/*
 * Scanning with the camera, where the browser can read barcodes (BarcodeDetector, HTTPS).
 * A code counts once while it stays in view; it has to leave before it counts again.
 */
import { byId } from '/static/dom.js';

const LOOK_MS = 150;
const GONE_LOOKS = 5; /* looks without the code before it may count again */

export class Camera {
	#video = byId('camera-view');
	#button = byId('camera');
	#stream = null;
	#read;
	#seen = new Map(); /* code -> looks since */

	/* read(code) is called for each barcode that comes into view; note(text) on trouble. */
	constructor(read, note) {
		this.#read = read;
		if (!('BarcodeDetector' in window) || !navigator.mediaDevices) {
			return;
		}
		this.#button.hidden = false;
		this.#button.addEventListener('click', () => (this.#stream ? this.stop() : this.#start(note)));
	}

	async #start(note) {
		try {
			this.#stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
		} catch (e) {
			note(`The camera cannot be used: ${e.message}`);
			return;
		}
		this.#video.srcObject = this.#stream;
		this.#video.hidden = false;
		this.#button.textContent = 'Camera off';
		await this.#video.play();
		this.#look(new window.BarcodeDetector());
	}

	stop() {
		this.#stream?.getTracks().forEach((track) => track.stop());
		this.#stream = null;
		this.#seen.clear();
		this.#video.hidden = true;
		this.#button.textContent = 'Camera';
	}

	async #look(detector) {
		if (this.#stream === null) {
			return;
		}
		const found = await detector.detect(this.#video).catch(() => []);
		const codes = new Set(found.map((one) => one.rawValue.trim()).filter(Boolean));
		for (const [code, looks] of this.#seen) {
			if (looks >= GONE_LOOKS) {
				this.#seen.delete(code);
			} else {
				this.#seen.set(code, looks + 1);
			}
		}
		for (const code of codes) {
			if (!this.#seen.has(code)) {
				this.#read(code);
			}
			this.#seen.set(code, 0);
		}
		setTimeout(() => this.#look(detector), LOOK_MS);
	}
}
