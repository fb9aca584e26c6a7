/*
 * However many tabs have the scan page open, one of them scans and sends: two would send the
 * same outbox, and what was made later in one could overtake what the other still holds. A
 * Web Lock says which. Browsers give those to pages that came by HTTPS or from the machine
 * itself; elsewhere every tab sends, and each scan counts once by its scan_id all the same.
 */
const NAME = 'waybill-scan-page';
const GRACE_MS = 300; /* a reload's old page may be there for a moment */

export class OneTab {
	#channel = null;
	#end = () => undefined;

	/*
	 * Resolves when this tab is the one. waiting() is called when another tab is; later, in the
	 * one that is, wanted() when another one asks for it.
	 */
	async become({ waiting, wanted }) {
		if (!navigator.locks) {
			return;
		}
		try {
			this.#channel = new BroadcastChannel(NAME);
		} catch {
			/* refused, as storage may be: no tab can ask, and the next is it when this one closes */
		}
		const timer = setTimeout(waiting, GRACE_MS);
		await new Promise((resolve) => {
			navigator.locks.request(NAME, () => new Promise((end) => {
				this.#end = end;
				resolve();
			})).catch(resolve); /* refused: as without locks */
		});
		clearTimeout(timer);
		this.#channel?.addEventListener('message', wanted);
	}

	/* In a tab that waits: it wants to be the one. */
	ask() {
		this.#channel?.postMessage('wanted');
	}

	/* In the one: the next may be it. */
	giveWay() {
		this.#end();
	}
}
