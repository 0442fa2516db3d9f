// The package's compute worker as a file of the page.
import 'sluice/compute-worker';
