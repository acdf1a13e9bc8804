document.documentElement.dataset.kitchen = "open";
