/*
 * No scan lost, none counted twice: the network gone for a while, the server frozen,
 * killed and started again, the page reloaded in the middle. What the database holds in
 * the end is what was scanned, in its order.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { OwnServer, recorded } from './own_server.mjs';
import { Relay } from './relay.mjs';
import { audible, enter, launch, load, numbers, panel, scan, showing, startScanning, text, tones, type as typeOn,
	until } from './support.mjs';

let browser, server, page;
before(async () => {
	server = await OwnServer.start();
	browser = await launch();
});
after(async () => {
	await browser.close();
	await server.stop();
});
beforeEach(async () => { page = null; });

const start = async (options) => {
	page = await startScanning(browser, { site: server.url, ...options });
	return page;
};
const sessionOf = () => text(page, '#v-session');
/* How many scans each POST of several carries, from now on. */
const backlogs = () => {
	const sizes = [];
	page.on('request', (r) => r.method() === 'POST' && r.url().endsWith('/scans')
		&& sizes.push(JSON.parse(r.postData()).scans.length));
	return sizes;
};
const type = (list) => typeOn(page, list.map((n) => `${n}\n`).join(''), 1);
const empty = () => until(async () => await text(page, '#depth') === 'empty', 'the queue is empty', 40000);
const valid = (list) => list.map((n) => [n, 'valid']);

/* The page is a service worker's, so that it opens without a network. */
async function ready() {
	await page.evaluate(() => navigator.serviceWorker.ready);
	await until(() => page.evaluate(() => navigator.serviceWorker.controller !== null), 'the page is controlled');
}

test('offline, a reload, and back: each scan is there once, in order', async () => {
	const list = await load(numbers(8));
	await start({ serviceWorkers: 'allow' });
	await ready();
	await scan(page, list[0]);
	await panel(page, 'valid');
	const session = await sessionOf();
	await page.context().setOffline(true);
	await type(list.slice(1, 5));
	await until(async () => await text(page, '#depth') === '4 scans waiting', 'four wait');
	await page.reload();
	await page.waitForSelector('#work:not([hidden])');
	assert.equal(await sessionOf(), session);
	await until(async () => await text(page, '#depth') === '4 scans waiting', 'they still wait');
	await panel(page, 'held'); /* they have ticked */
	await type(list.slice(5));
	await until(async () => await text(page, '#depth') === '7 scans waiting', 'seven wait');
	await until(async () => await page.locator('#recent [data-kind="held"]').count() === 7, 'all have ticked');
	assert.match(await text(page, '#connection'), /Not connected/);
	await audible(page);
	await tones(page);
	await page.context().setOffline(false);
	await empty();
	assert.deepEqual(recorded(session), valid(list));
	await until(async () => await text(page, '#c-scanned') === '8', 'the counters say so');
	/* the first too, which the reload had forgotten and could not ask for */
	await until(async () => await page.locator('#recent li').count() === 8, 'all are listed');
	assert.deepEqual(await page.locator('#recent .recent-number').allTextContents(), list.slice().reverse());
	const heard = await tones(page);
	assert.ok(heard.length >= 1 && heard.every((t) => t.hertz > 880), JSON.stringify(heard));
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

test('a server killed and started again has every scan once', async () => {
	const list = await load(numbers(12));
	await start();
	await type(list.slice(0, 4));
	await server.down();
	await type(list.slice(4, 8));
	await until(async () => /cannot be reached/.test(await text(page, '#connection')), 'the page notices');
	await type(list.slice(8));
	await server.up();
	await empty();
	assert.deepEqual(recorded(await sessionOf()), valid(list));
	await page.context().close();
});

test('thirty scans while the server sleeps', async () => {
	const list = await load(numbers(30));
	await start();
	server.signalAll('SIGSTOP');
	await typeOn(page, list.map((n) => `${n}\r`).join(''));
	assert.equal(await text(page, '#depth'), '30 scans waiting');
	server.signalAll('SIGCONT');
	await empty();
	assert.deepEqual(recorded(await sessionOf()), valid(list));
	assert.deepEqual((await page.locator('#recent .recent-number').allTextContents()).reverse(), list);
	await page.context().close();
});

test('a request that nobody answers, nor refuses, is asked again before the operator notices', async () => {
	const list = await load(numbers(7));
	const way = await Relay.to(server.url);
	const soon = 4000 * Number(process.env.WBTEST_SLOW ?? 1); /* one who does not ask again hears it after 5 s */
	try {
		await start({ site: way.url });
		const session = await sessionOf();
		let best = Infinity, made = 0;
		for (; made < 6 && best >= soon; made += 2) {
			await type(list.slice(made, made + 1)); /* the line is quick */
			await showing(page, list[made]);
			way.losePower();
			const began = Date.now();
			await enter(page, [list[made + 1]]);
			await showing(page, list[made + 1]);
			best = Math.min(best, Date.now() - began);
		}
		assert.ok(best < soon, `${best} ms`);
		await panel(page, 'valid');
		await type(list.slice(made, made + 1));
		await empty();
		assert.deepEqual(recorded(session), valid(list.slice(0, made + 1)));
	} finally {
		await page.context().close();
		way.close();
	}
});

test('a server that sleeps for longer than a scan waits gets the same scan again', async () => {
	const list = await load(numbers(3));
	await start();
	server.signalAll('SIGSTOP');
	await enter(page, list);
	await panel(page, 'held'); /* after the deadline: kept, and ticked */
	assert.equal((await tones(page)).filter((t) => t.lasts < 0.06).length, 3);
	server.signalAll('SIGCONT');
	await empty();
	assert.deepEqual(recorded(await sessionOf()), valid(list));
	await page.context().close();
});

test('a reload while the server is gone loses nothing, and the backlog tells its verdicts', async () => {
	const list = await load(numbers(4));
	const [unknown] = numbers(1);
	await start();
	const session = await sessionOf();
	await server.down();
	await type([list[0], list[1], unknown]);
	await page.waitForTimeout(1100); /* sooner it is the same beep twice */
	await type([list[1], list[2]]);
	await until(async () => await text(page, '#depth') === '5 scans waiting', 'five wait');
	/* Before the server is back: the page may try again at any moment. */
	await page.route(/\/(scans?|sessions.*)$/, (route) => (route.request().method() === 'POST' ? route.abort() : route.continue()));
	await server.up(); /* for the page itself */
	page.on('dialog', (dialog) => dialog.accept()); /* "leave the page?" */
	await page.reload();
	await until(async () => await text(page, '#depth') === '5 scans waiting', 'they still wait');
	await audible(page);
	await tones(page);
	await page.unroute(/\/(scans?|sessions.*)$/);
	await empty();
	assert.deepEqual(recorded(session), [[list[0], 'valid'], [list[1], 'valid'],
		[unknown, 'not_found'], [list[1], 'duplicate'], [list[2], 'valid']]);
	await panel(page, 'error');
	assert.equal(await text(page, '[role=alert] .panel-word'), '5 kept scans sent');
	assert.equal(await text(page, '[role=alert] .panel-number'), `${unknown} ${list[1]}`);
	assert.match(await text(page, '.panel-detail'), /3 valid, 1 duplicate, 1 error/);
	/* one of each kind, one after the other */
	const heard = (await tones(page)).filter((t) => t.lasts > 0.06);
	assert.deepEqual(heard.map((t) => (t.hertz > 880 ? 'ok' : t.hertz > 400 ? 'duplicate' : 'error')),
		['ok', 'duplicate', 'duplicate', 'error']);
	for (let i = 1; i < heard.length; i++) {
		assert.ok(heard[i].from >= heard[i - 1].from + heard[i - 1].lasts);
	}
	await page.context().close();
});

/* The last request's "50 valid" was all that was told, and the list had the last 50 lines. */
test('a long backlog goes in several requests, in order, and is told as one', async () => {
	const list = await load(numbers(250));
	const unknown = numbers(2);
	list[20] = unknown[0];
	list[220] = unknown[1];
	await start();
	const sizes = backlogs();
	await page.context().setOffline(true);
	await enter(page, list);
	await until(async () => await text(page, '#depth') === '250 scans waiting', 'all wait');
	await panel(page, 'held'); /* the first was tried */
	let cut = false;
	await page.route('**/scans', (route) => { /* the second hundred is cut off, once */
		if (!cut && route.request().postDataJSON().scans[0].waybill_number === list[100]) {
			cut = true;
			return route.abort();
		}
		return route.continue();
	});
	await page.context().setOffline(false);
	await empty();
	assert.deepEqual(sizes.filter((n, i) => i >= sizes.length - 3), [100, 100, 50]);
	const kept = recorded(await sessionOf()); /* those of one millisecond by their numbers */
	assert.deepEqual(kept.filter(([n]) => !unknown.includes(n)), valid(list.filter((n) => !unknown.includes(n))));
	assert.deepEqual(kept.filter(([n]) => unknown.includes(n)), unknown.map((n) => [n, 'not_found']));
	await until(async () => /248 valid, 0 duplicates, 2 errors/.test(await text(page, '.panel-detail')), 'the whole is told');
	assert.equal(await text(page, '[role=alert] .panel-number'), unknown.join(' '));
	const heard = (await tones(page)).filter((t) => t.lasts > 0.06); /* without the ticks */
	assert.deepEqual(heard.map((t) => t.hertz > 880), [true, false, true, false], 'both kinds again after the cut');
	assert.ok(heard.every((t, n) => n === 0 || t.from >= heard[n - 1].from + heard[n - 1].lasts), 'one after the other');
	for (const n of unknown) {
		assert.equal(await page.locator(`#recent [data-kind="unknown"]:has-text("${n}")`).count(), 1);
	}
	assert.ok(await page.locator('#recent li').count() <= 52);
	await page.context().close();
});

/* The disk was waited for first: half of the time from Enter to the sound. */
test('a scan is heard while the disk still writes it', async () => {
	const list = await load(numbers(2));
	await start({ init: () => {
		const { set } = Object.getOwnPropertyDescriptor(IDBTransaction.prototype, 'oncomplete');
		const later = window.setTimeout.bind(window);
		window.setTimeout = (act, ms, ...more) => later(act, ms === 2000 ? 200000 : ms, ...more); /* the page's patience with a disk */
		window.writes = 0;
		const heard = new Promise((resolve) => { window.write = resolve; });
		Object.defineProperty(IDBTransaction.prototype, 'oncomplete', { set(told) {
			set.call(this, async (event) => {
				if (this.mode !== 'readonly') {
					await heard;
					window.writes += 1;
				}
				told(event);
			});
		} });
	} });
	await scan(page, list[0]);
	await panel(page, 'valid');
	await page.evaluate(() => window.write());
	await scan(page, list[1]);
	await until(() => page.evaluate(() => window.writes === 4), 'both are written and removed');
	assert.deepEqual(recorded(await sessionOf()), valid(list));
	await page.reload();
	await page.waitForSelector('#work:not([hidden])');
	assert.equal(await text(page, '#depth'), 'empty');
	await page.context().close();
});

test('a scan and its undo, both made offline, arrive in this order', async () => {
	const [number] = await load(numbers(1));
	await start();
	await page.context().setOffline(true);
	await scan(page, number);
	await panel(page, 'held');
	await scan(page, 'CMD UNDO');
	await until(async () => await text(page, '#depth') === '2 scans waiting', 'both wait');
	await page.context().setOffline(false);
	await empty();
	await panel(page, 'undone');
	assert.equal(await text(page, '#c-scanned'), '0');
	await page.context().close();
});

/* With each attempt to send the scan its line was "Kept" again: the next undo undid it twice. */
test('two undos of scans that wait undo two scans, also over a reload', async () => {
	const list = await load(numbers(4));
	await start({ serviceWorkers: 'allow' });
	await ready();
	const session = await sessionOf();
	let attempts = 0;
	const tried = async () => {
		const before = attempts;
		await until(() => attempts > before + 1, 'it was tried again');
	};
	const words = () => page.locator('#recent .recent-word').allTextContents();
	page.on('requestfailed', (r) => r.url().endsWith('/scans') && (attempts += 1));
	await page.context().setOffline(true);
	await type(list);
	await scan(page, 'CMD UNDO');
	await tried();
	await scan(page, 'CMD UNDO');
	const kept = 'Kept, will be sent again';
	assert.deepEqual(await words(), ['Undoing', 'Undoing', kept, kept]);
	await page.reload();
	await tried();
	await scan(page, 'CMD UNDO');
	assert.deepEqual(await words(), ['Undoing', 'Undoing', 'Undoing', kept]);
	await page.context().setOffline(false);
	await empty();
	assert.deepEqual(await words(), ['Undone', 'Undone', 'Undone', 'Valid']);
	await until(async () => await text(page, '#c-scanned') === '1', 'the first alone counts');
	assert.deepEqual(recorded(session), valid(list));
	await page.context().close();
});

/*
 * The start screen said that the session was over: of the parcels nothing was to be seen. And
 * in the next session they went one by one, with a beep each.
 */
test('scans that reach their session when it is dispatched are kept for people, and sent again together', async () => {
	const list = await load(numbers(151));
	await start();
	await scan(page, list[0]);
	await panel(page, 'valid');
	const session = await sessionOf();
	await page.context().setOffline(true);
	await enter(page, list.slice(1));
	await until(async () => await text(page, '#depth') === '150 scans waiting', 'they wait');
	await panel(page, 'held');
	assert.equal((await fetch(`${server.url}/sessions/${session}/dispatch`, { method: 'POST' })).status, 200);
	await page.context().setOffline(false);
	await empty();
	await until(async () => /^150 scans/.test(await text(page, '#refused-count')), 'all are kept');
	await page.reload();
	await page.waitForSelector('#start-error:not([hidden])');
	await page.click('#begin');
	await page.waitForSelector('#work:not([hidden])');
	await page.click('#refused-open');
	assert.match(await text(page, '#refused-rows'), /This session was dispatched/);
	await audible(page);
	const sizes = backlogs();
	await page.click('#refused-send');
	await until(async () => await text(page, '#c-scanned') === '150', 'they count in the next session');
	await empty(); /* sooner, a look at the session may have told it */
	assert.deepEqual(sizes, [100, 50]);
	assert.equal(await text(page, '.panel-word'), '150 kept scans sent');
	assert.deepEqual((await tones(page)).map((t) => t.hertz > 880), [true]);
	await page.waitForSelector('#refused-notice', { state: 'hidden' });
	assert.deepEqual(recorded(await sessionOf()).sort(), valid(list.slice(1)).sort());
	await page.context().close();
});
