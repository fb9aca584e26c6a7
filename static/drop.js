/* Takes a file from a drop anywhere on the page. Knows nothing of uploads. */

/* taken(file, list) for one dropped file, list holding it alone; refused(text) says why a drop is of no use. */
export function takeDrops(zone, { taken, refused }) {
	let depth = 0; /* enter and leave come for every element crossed */

	const mark = (change) => {
		depth = Math.max(0, depth + change);
		zone.classList.toggle('over', depth > 0);
	};
	document.addEventListener('dragenter', () => mark(1));
	document.addEventListener('dragleave', () => mark(-1));
	/* Without this the browser leaves the page and opens the file. */
	document.addEventListener('dragover', (event) => event.preventDefault());
	document.addEventListener('drop', (event) => {
		event.preventDefault();
		mark(-depth);
		const [file, why] = one(event.dataTransfer);
		if (file) {
			taken(file, event.dataTransfer.files);
		} else {
			refused(why);
		}
	});
}

/* The one file of a drop, or null and what was wrong. */
function one(data) {
	const files = Array.from(data?.files ?? []);
	const folder = Array.from(data?.items ?? [])
		.some((item) => item.webkitGetAsEntry?.()?.isDirectory);
	if (folder) {
		return [null, 'That was a folder. Open it and drop the file inside it.'];
	}
	if (files.length === 0) {
		return [null, 'That was not a file. Drop the file itself, or use the button to choose it.'];
	}
	if (files.length > 1) {
		return [null, `Those were ${files.length} files. Drop them one at a time: each gets its own report.`];
	}
	return [files[0], ''];
}
