import js from '@eslint/js';
import ts from 'typescript-eslint';

const node = { console: 'readonly', process: 'readonly', URL: 'readonly', Buffer: 'readonly' };

export default ts.config(
  { ignores: ['dist', 'build', 'node_modules', 'passkey.js'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...ts.configs.strict],
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      // Money is BigInt; text reaches the page as text.
      'no-restricted-globals': ['error', 'parseInt', 'parseFloat'],
      'no-restricted-properties': ['error', { property: 'innerHTML' }, { property: 'outerHTML' }, { property: 'insertAdjacentHTML' }],
      'max-lines': ['error', 400],
    },
  },
  { files: ['**/*.mjs'], languageOptions: { globals: node } },
);
