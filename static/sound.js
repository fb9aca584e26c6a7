/*
 * The sounds of the scanning floor, made with one AudioContext. What a verdict means is
 * not decided here: the caller names a sound.
 *
 *   ok         one short high tone
 *   duplicate  two middle tones
 *   error      one long low buzz
 *   tick       soft: kept for later, no verdict yet
 *   done       two short rising tones: a command was carried out
 */

/* Each tone: start and length in seconds, frequency in Hz, loudness of full volume. */
const TONES = {
	ok: [{ at: 0, lasts: 0.12, hertz: 1046.5, wave: 'sine', gain: 0.7 }],
	duplicate: [
		{ at: 0, lasts: 0.14, hertz: 587.3, wave: 'triangle', gain: 0.8 },
		{ at: 0.2, lasts: 0.14, hertz: 587.3, wave: 'triangle', gain: 0.8 },
	],
	error: [{ at: 0, lasts: 0.7, hertz: 155.6, wave: 'sawtooth', gain: 0.6 }],
	tick: [{ at: 0, lasts: 0.03, hertz: 330, wave: 'sine', gain: 0.15 }],
	done: [
		{ at: 0, lasts: 0.06, hertz: 660, wave: 'sine', gain: 0.5 },
		{ at: 0.08, lasts: 0.06, hertz: 880, wave: 'sine', gain: 0.5 },
	],
};
const APART = 0.25; /* seconds of silence between sounds of a sequence */
const EDGE = 0.008; /* seconds of fade, so that no tone clicks */

export class Sounds {
	#context = null;
	#master = null;
	#volume = 0.8;
	#muted = false;
	#ends = 0; /* of the last sequence, on the context's clock */
	#changed;

	/* changed() is called whenever blocked or silent may have changed. */
	constructor(changed) {
		this.#changed = changed;
	}

	/*
	 * Makes the context, and asks the browser to let it run. Browsers grant that only
	 * while a click or a key is being handled, so this is called from each of them.
	 */
	unlock() {
		if (this.#context === null) {
			this.#context = new AudioContext();
			const limiter = this.#context.createDynamicsCompressor();
			this.#master = this.#context.createGain();
			this.#master.connect(limiter).connect(this.#context.destination);
			this.#context.addEventListener('statechange', () => this.#changed());
			this.setLevel(this.#volume, this.#muted);
		}
		if (this.#context.state === 'running') {
			return Promise.resolve();
		}
		return this.#context.resume().catch(() => undefined).then(() => this.#changed());
	}

	get blocked() {
		return this.#context === null || this.#context.state !== 'running';
	}

	get silent() {
		return this.#muted || this.#volume === 0;
	}

	/* volume 0 to 1 */
	setLevel(volume, muted) {
		this.#volume = volume;
		this.#muted = muted;
		if (this.#master !== null) {
			/* squared: loudness is heard roughly that way */
			this.#master.gain.value = muted ? 0 : volume * volume;
		}
		this.#changed();
	}

	/*
	 * Plays now, or not at all: a tone held back by a blocked context would sound
	 * later, for somebody else's parcel.
	 */
	play(name, after = 0) {
		if (this.blocked || this.silent) {
			return;
		}
		const now = this.#context.currentTime + after;
		for (const tone of TONES[name]) {
			this.#tone(tone, now + tone.at);
		}
	}

	/* One after the other, and behind what an earlier sequence still plays. */
	sequence(names) {
		if (this.blocked) {
			return; /* its clock stands still */
		}
		const now = this.#context.currentTime;
		let after = Math.max(this.#ends - now, 0);
		for (const name of names) {
			this.play(name, after);
			const last = TONES[name].at(-1);
			after += last.at + last.lasts + APART;
		}
		this.#ends = now + after;
	}

	/* All three verdicts, at once: pressed twice, the second does not sound for a parcel. */
	test() {
		this.#ends = 0;
		this.sequence(['ok', 'duplicate', 'error']);
	}

	#tone(tone, from) {
		const source = this.#context.createOscillator();
		const shape = this.#context.createGain();
		const until = from + tone.lasts;
		source.type = tone.wave;
		source.frequency.value = tone.hertz;
		shape.gain.setValueAtTime(0, from);
		shape.gain.linearRampToValueAtTime(tone.gain, from + EDGE);
		shape.gain.setValueAtTime(tone.gain, until - EDGE);
		shape.gain.linearRampToValueAtTime(0, until);
		source.connect(shape).connect(this.#master);
		source.start(from);
		source.stop(until);
		source.onended = () => shape.disconnect();
	}
}
