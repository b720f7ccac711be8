"use strict";
// Says that all data are read and shown, for whoever drives the page.
Promise.all(reading).then(() => { document.documentElement.dataset.ready = "yes"; });
