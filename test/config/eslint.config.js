import js from '@eslint/js';
import importX from 'eslint-plugin-import-x';
import { defineConfig } from 'eslint/config';
import typescript from 'typescript-eslint';

/**
 * The layers of the house: what each room may import besides itself. Read it with the table in CONTRIBUTING.md.
 * @type {Record<string, string[]>}
 */
const rooms = {
  'operator/base': [],
  'operator/api': ['operator/base'],
  'operator/plan': ['operator/base', 'operator/api', 'operator/search'],
  'operator/search': ['operator/base', 'operator/api'],
  'operator/cluster': ['operator/base', 'operator/api'],
  'operator/controllers': [
    'operator/base',
    'operator/api',
    'operator/plan',
    'operator/search',
    'operator/cluster',
  ],
  'operator/local': [
    'operator/base',
    'operator/api',
    'operator/plan',
    'operator/search',
    'operator/cluster',
    'operator/controllers',
  ],
  'operator/cli': [
    'operator/base',
    'operator/api',
    'operator/plan',
    'operator/search',
    'operator/cluster',
    'operator/controllers',
    'operator/local',
    'trainer-image/train/supported.ts',
  ],
  'trainer-image': ['operator/base', 'operator/api'],
  'operator/image': [],
  'charts/monitoring': [],
  'charts/values': [],
};

const allRooms = Object.keys(rooms);

/** Folders inside the trainer that know nothing of the others. */
const trainerFoundations = ['tensorflow', 'storage'];

const layerZones = [
  ...Object.entries(rooms).map(([room, allowed]) => ({
    target: `./${room}`,
    from: allRooms
      .filter(
        (other) =>
          other !== room && !allowed.includes(other) && !allowed.some((path) => path.startsWith(`${other}/`)),
      )
      .map((other) => `./${other}`),
    message: `${room} may import only ${allowed.length === 0 ? 'itself' : allowed.join(', ')}`,
  })),
  {
    target: './operator/cli',
    from: './trainer-image',
    except: ['./train/supported.ts'],
    message: 'the command line starts the trainer as a process',
  },
  {
    target: './trainer-image',
    from: './operator',
    except: ['./base', './api'],
    message: 'the trainer may import only operator/base and operator/api',
  },
  ...trainerFoundations.map((folder) => ({
    target: `./trainer-image/${folder}`,
    from: './trainer-image',
    except: [`./${folder}`],
    message: `trainer-image/${folder} stands below the rest of the trainer`,
  })),
].filter((zone) => zone.from.length > 0);

export default defineConfig(
  { ignores: ['node_modules/', '.ringmaster/', 'coverage/'] },
  js.configs.recommended,
  ...typescript.configs.strictTypeChecked,
  ...typescript.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: process.cwd() } },
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver': { node: { extensions: ['.ts', '.js', '.mjs'] } } },
    rules: {
      'no-undef': 'off', // TypeScript knows better.
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true, named: true } }],
      'import-x/no-restricted-paths': ['error', { zones: layerZones, basePath: process.cwd() }],
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      'import-x/no-mutable-exports': 'error',
      // `{ z }` is an object of all of zod, none of which a bundle could leave out.
      'no-restricted-syntax': [
        'error',
        {
          selector: "ImportDeclaration[source.value='zod'] > ImportSpecifier[imported.name='z']",
          message: "import * as z from 'zod'",
        },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      // Ports are generic over the object they return, as the API is.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    // Tools that want a default export, and set-up that runs before anything is installed.
    files: ['test/config/**', 'operator/setup/**'],
    rules: { 'no-restricted-exports': 'off', 'no-console': 'off' },
  },
);
