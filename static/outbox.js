/*
 * What this station made and the server has not answered yet, kept in IndexedDB so that
 * a reload, a crash or a flat battery loses nothing; and what the server refused for
 * good, which somebody has to look at. Knows nothing of the server or the page.
 *
 * An item is any plain object; its `place` (set here) is its place in the line and never
 * given twice, also not after a reload. A browser that refuses IndexedDB keeps them in
 * memory: `durable` is then false, and the page has to say so.
 */
const NAME = 'waybill-outbox';
const PATIENCE_MS = 2000; /* a disk that takes longer is as good as none */

/* A promise that is given up after PATIENCE_MS: no scan, and no page, waits for a broken disk. */
function soon(promise) {
	return Promise.race([promise, new Promise((_, reject) => {
		setTimeout(() => reject(new Error('the browser does not answer')), PATIENCE_MS);
	})]);
}

/* A whole IndexedDB transaction, of one store or several, as a promise of its result. */
function within(db, stores, mode, durability, work) {
	return new Promise((resolve, reject) => {
		const transaction = db.transaction(stores, mode, { durability });
		const request = work(...[stores].flat().map((name) => transaction.objectStore(name)));
		transaction.commit?.(); /* nothing more comes: saves a round trip to the disk's process */
		transaction.oncomplete = () => resolve(request?.result);
		transaction.onabort = () => reject(transaction.error);
	});
}

function openDatabase() {
	return new Promise((resolve, reject) => {
		const request = indexedDB.open(NAME, 1);
		request.onupgradeneeded = () => {
			for (const store of ['waiting', 'refused']) {
				request.result.createObjectStore(store, { keyPath: 'place', autoIncrement: true });
			}
		};
		request.onsuccess = () => resolve(request.result);
		request.onerror = () => reject(request.error);
		request.onblocked = () => reject(new Error('another tab holds an older outbox'));
	});
}

/* The same promises without a disk. */
class Memory {
	#stores = { waiting: new Map(), refused: new Map() };
	#next = 0;

	put(store, item) {
		this.#next += 1;
		const place = item.place ?? this.#next;
		this.#stores[store].set(place, { ...item, place });
		return Promise.resolve(place);
	}

	all(store) {
		return Promise.resolve([...this.#stores[store].values()]);
	}

	remove(store, places) {
		places.forEach((place) => this.#stores[store].delete(place));
		return Promise.resolve();
	}

	async replace(store, places, other, items) {
		await this.remove(store, places);
		return Promise.all(items.map((item) => this.put(other, item)));
	}
}

class Disk {
	#db;

	constructor(db) {
		this.#db = db;
	}

	put(store, item, durability) {
		return within(this.#db, store, 'readwrite', durability, (s) => s.put(item));
	}

	all(store) {
		return within(this.#db, store, 'readonly', 'default', (s) => s.getAll());
	}

	remove(store, places) {
		return within(this.#db, store, 'readwrite', 'relaxed', (s) => {
			places.forEach((place) => s.delete(place));
		});
	}

	/* Whole or not at all: these go from one store, and the items into the other. */
	async replace(store, places, other, items) {
		let requests;
		await within(this.#db, [store, other], 'readwrite', 'strict', (from, to) => {
			places.forEach((place) => from.delete(place));
			requests = items.map((item) => to.put(item));
		});
		return requests.map((request) => request.result);
	}
}

export class Outbox {
	#kept;

	static async open() {
		const box = new Outbox();
		try {
			box.#kept = new Disk(await soon(openDatabase()));
			box.durable = true;
			/* or it may go when the disk is full; whether it is granted changes nothing here */
			navigator.storage?.persist?.().catch(() => undefined);
		} catch {
			box.#kept = new Memory();
			box.durable = false;
		}
		return box;
	}

	/*
	 * Keeps an item, and resolves when it is kept. Without `surely` the operating system
	 * has it, which outlives the browser: enough for what is sent the next moment. With
	 * it the disk has it, which outlives a flat battery.
	 */
	async add(item, surely) {
		item.place = await soon(this.#kept.put('waiting', item, surely ? 'strict' : 'relaxed'));
	}

	/*
	 * In the order in which they were made. A disk that takes too long is given up as at add(), and late()
	 * is told the same when it has answered after all.
	 */
	async all(late = () => undefined) {
		const reading = this.#kept.all('waiting');
		try {
			return await soon(reading);
		} catch (e) {
			reading.then(late, () => undefined);
			throw e;
		}
	}

	remove(items) {
		return this.#kept.remove('waiting', items.map((item) => item.place));
	}

	/* Each { item, reason }: the item leaves the line, for people to look at. */
	refuse(refusals) {
		return this.#kept.replace('waiting', refusals.map((one) => one.item.place), 'refused', refusals);
	}

	refused() {
		return this.#kept.all('refused');
	}

	/* The items come behind what waits, in the place of the refusals. */
	async again(refusals, items) {
		const places = await this.#kept.replace('refused', refusals.map((one) => one.place), 'waiting', items);
		items.forEach((item, i) => { item.place = places[i]; });
	}

	forget(refusals) {
		return this.#kept.remove('refused', refusals.map((one) => one.place));
	}
}
