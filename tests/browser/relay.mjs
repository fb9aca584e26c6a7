/*
 * The way to a server, through a load balancer that can lose power: another one takes its
 * address over a moment later.
 */
import { connect, createServer } from 'node:net';

const TAKEN_OVER_MS = 450;
const SYN_AGAIN_MS = 1000; /* RFC 6298, 2.1: the first retransmission */

export class Relay {
	#server = createServer((near) => this.#accept(near));
	#pairs = new Set();
	#takenOver = 0;

	static async to(url) {
		const relay = new Relay();
		relay.target = new URL(url);
		await new Promise((resolve) => { relay.#server.listen(0, '127.0.0.1', resolve); });
		relay.url = `http://127.0.0.1:${relay.#server.address().port}`;
		return relay;
	}

	#accept(near) {
		const join = () => {
			const far = connect(this.target.port, this.target.hostname);
			const pair = { near, far };
			this.#pairs.add(pair);
			const end = () => {
				near.destroy();
				far.destroy();
				this.#pairs.delete(pair);
			};
			[near, far].forEach((one) => one.on('error', end).on('close', end));
			near.pipe(far).pipe(near);
		};
		setTimeout(join, this.#takenOver > Date.now() ? SYN_AGAIN_MS : 0);
	}

	/*
	 * The request that comes next was received by the one that is lost: nobody will ever
	 * answer it, nor refuse it. Everything else on the connections of now is refused as soon
	 * as the other one hears it.
	 */
	losePower() {
		this.#takenOver = Date.now() + TAKEN_OVER_MS;
		let received = null;
		for (const { near, far } of this.#pairs) {
			near.unpipe();
			far.unpipe();
			near.on('data', () => {
				received ??= near;
				if (near !== received) {
					setTimeout(() => near.resetAndDestroy(), Math.max(0, this.#takenOver - Date.now()));
				}
			});
		}
	}

	close() {
		this.#server.close();
		this.#pairs.forEach(({ near }) => near.destroy());
	}
}
