import './styles/app.css';
import { mount } from 'svelte';
import { applyKept } from '$lib/door/look';
import App from './App.svelte';

applyKept();
const target = document.getElementById('app');
if (!target) throw new Error('index.html has no #app');
export default mount(App, { target });
