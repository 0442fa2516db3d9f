// A script without fault: what keeps it from starting is how it is served.
setInterval(() => {}, 1000);
