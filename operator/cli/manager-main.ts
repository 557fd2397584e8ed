import { managerCommand } from './manager.ts';
import { processContext } from './process-context.ts';
import { runProgram } from './program.ts';

/*
 * The program of the operator's image: the command line with the manager alone. Node holds the text of all that a program
 * may come to load in memory for as long as it runs, used or not.
 */
void runProgram(process.argv.slice(2), processContext(false), (context, finish) =>
  Promise.resolve([managerCommand(context, finish)]),
).then((exitCode) => {
  process.exitCode = exitCode;
});
