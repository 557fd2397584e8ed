/**
 * Refuses machines that TensorFlow's wheel and the pinned Node are not made for.
 * @throws {Error} naming what is needed
 */
export function checkPlatform() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`this is ${process.platform} on ${process.arch}; the trainer needs Linux on x64`);
  }
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 20) throw new Error(`this is Node ${process.versions.node}; Node 20 or newer is needed`);
}
