/* What comes out of the printer: pages, their numbers, and barcodes that a scanner reads. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { api, launch, load, numbers, open, url, violations } from './support.mjs';

let browser;
let folder;
let session;
let list;
before(async () => {
	browser = await launch();
	folder = mkdtempSync(join(tmpdir(), 'waybill-print-'));
	list = await load(numbers(70));
	const [long] = numbers(1); /* beside a long name, every number of the table was broken in three */
	const form = new FormData();
	form.append('waybill_file', new Blob([`Waybill Number,Receiver,City\n${long},${'Maria Consolacion '.repeat(20)},Cebu City`]), 'long.csv');
	await fetch(`${url}/upload`, { method: 'POST', body: form });
	list = [...list, long];
	session = (await api('POST', '/sessions', { station: 'Dock 3 محمد', scanned_by: 'Mia' })).json.id;
	for (const waybill_number of list) {
		await api('POST', '/scan', { waybill_number, session_id: session, scan_id: randomUUID() });
	}
});
after(async () => {
	await browser.close();
	rmSync(folder, { recursive: true, force: true });
});

/* The PDF that the page prints, on the paper that its style sheet names. */
async function printed(path) {
	const page = await open(browser, path);
	const pdf = await page.pdf({ preferCSSPageSize: true });
	const file = join(folder, `${randomUUID()}.pdf`);
	writeFileSync(file, pdf);
	const info = execFileSync('pdfinfo', [file], { encoding: 'utf8' });
	assert.deepEqual(page.faults, []);
	assert.deepEqual(await violations(page), []);
	await page.context().close();
	return {
		file,
		pages: Number(/Pages:\s+(\d+)/.exec(info)[1]),
		size: /Page size:\s+([\d.]+) x ([\d.]+)/.exec(info).slice(1).map((n) => Math.round(Number(n))),
		text: execFileSync('pdftotext', ['-layout', file, '-'], { encoding: 'utf8' }).split('\f').slice(0, -1),
	};
}

/* What a barcode reader finds on a page printed at so many dots an inch. */
function read(file, page, dots = 203) {
	const picture = join(folder, randomUUID());
	execFileSync('pdftoppm', ['-r', String(dots), '-f', String(page), '-l', String(page), '-gray', '-png', '-singlefile', file, picture]);
	const { stdout: out } = spawnSync('zbarimg', ['--quiet', '-Sdisable', '-Scode128.enable', `${picture}.png`], { encoding: 'utf8' });
	return out.split('\n').filter(Boolean).map((line) => line.replace(/^CODE-128:/, '')).sort();
}

test('a manifest on A4: every number once, pages numbered, the session read', async () => {
	const { file, pages, size, text } = await printed(`/sessions/${session}/manifest`);
	assert.deepEqual(size, [595, 842]);
	assert.ok(pages >= 2 && pages <= 4, `${pages} pages`);
	text.forEach((page, i) => {
		assert.match(page, new RegExp(`Page ${i + 1} of ${pages}`));
		assert.doesNotMatch(page, /\d\d:\d\d \d\d-\d\d-\d{4}/, 'no name turns the time');
		assert.ok(!page.includes('JT') || page.includes(`Session ${session} · Dock 3`), 'a page of parcels says whose it is');
	});
	const all = text.join('\n');
	for (const number of list) {
		assert.equal(all.split(number).length, 2, number);
	}
	for (const words of ['Manifest of session', 'not dispatched yet', 'Released by', 'Received by (courier)', 'Cebu City', 'Total: 71']) {
		assert.ok(all.includes(words), words);
	}
	assert.ok(!all.includes('Back to the session'), 'the bar is not printed');
	assert.deepEqual(read(file, 1), [`SESSION-${session}`]);
});

for (const paper of ['a4', 'label']) {
	test(`every number's barcode is read, ${paper}`, async () => {
		const { file, pages, size } = await printed(`/sessions/${session}/manifest?paper=${paper}&barcodes=true`);
		assert.deepEqual(size, paper === 'a4' ? [595, 842] : [288, 432]);
		const got = [];
		for (let page = 1; page <= pages; page++) {
			got.push(...read(file, page, 300));
		}
		assert.deepEqual(got.filter((n) => n.startsWith('JT')).sort(), list.slice().sort());
	});
}

test('a label is one page of 4 x 6 inches and is read at a label printer\'s 203 dots', async () => {
	const { file, pages, size, text } = await printed(`/waybills/${list[5]}/label`);
	assert.deepEqual([pages, size], [1, [288, 432]]);
	assert.deepEqual(read(file, 1), [list[5]]);
	assert.ok(text[0].includes('Receiver 5') && text[0].includes('Cebu City') && text[0].includes('Shoes'));
});

test('the button prints', async () => {
	const page = await open(browser, `/waybills/${list[0]}/label`, { init: () => { window.print = () => { window.printed = true; }; } });
	await page.click('#print');
	assert.equal(await page.evaluate(() => window.printed), true);
	await page.context().close();
});

for (const path of ['manifest', 'manifest?paper=label&barcodes=true']) {
	test(`${path} fits 320 px`, async () => {
		const page = await open(browser, `/sessions/${session}/${path}`, { viewport: { width: 320, height: 568 } });
		assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 320);
		await page.context().close();
	});
}
