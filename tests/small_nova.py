"""A small source tree in the style of Nova's idioms, written for these tests: its readers' whole diet in one place."""

from __future__ import annotations

from pathlib import Path

FILES = {
    "nova/objects/fields.py": """
class InstanceState:
    ACTIVE = 'active'
    BUILDING = 'building'
    STOPPED = 'stopped'
    SOFT_DELETED = 'soft-delete'
    ERROR = 'error'


class InstanceTaskState:
    POWERING_OFF = 'powering-off'
    IMAGE_SNAPSHOT = 'image_snapshot'
    IMAGE_UPLOADING = 'image_uploading'
    DELETING = 'deleting'
    SOFT_DELETING = 'soft-deleting'
    RESIZING = 'resizing'


class InstancePowerState:
    _UNUSED = '_unused'
    NOSTATE = 'pending'
    RUNNING = 'running'
    SHUTDOWN = 'shutdown'
    ALL = (NOSTATE, RUNNING, _UNUSED, SHUTDOWN)
""",
    "nova/compute/vm_states.py": """
from nova.objects import fields

ACTIVE = fields.InstanceState.ACTIVE
BUILDING = fields.InstanceState.BUILDING
STOPPED = fields.InstanceState.STOPPED
SOFT_DELETED = fields.InstanceState.SOFT_DELETED
ERROR = fields.InstanceState.ERROR

ALLOW_STOP = [ACTIVE] + [ERROR]
""",
    "nova/compute/task_states.py": """
from nova.objects import fields

POWERING_OFF = fields.InstanceTaskState.POWERING_OFF
IMAGE_SNAPSHOT = fields.InstanceTaskState.IMAGE_SNAPSHOT
IMAGE_UPLOADING = fields.InstanceTaskState.IMAGE_UPLOADING
DELETING = fields.InstanceTaskState.DELETING
SOFT_DELETING = fields.InstanceTaskState.SOFT_DELETING
RESIZING = fields.InstanceTaskState.RESIZING

MAY_INTERRUPT = [None, RESIZING]
""",
    "nova/compute/power_state.py": """
from nova.objects import fields

NOSTATE = fields.InstancePowerState.index(fields.InstancePowerState.NOSTATE)
RUNNING = fields.InstancePowerState.index(fields.InstancePowerState.RUNNING)
SHUTDOWN = fields.InstancePowerState.index(fields.InstancePowerState.SHUTDOWN)
""",
    "nova/compute/api.py": """
from nova.compute import task_states
from nova.compute import vm_states
from nova import exception


def check_instance_state(vm_state=None, task_state=(None,),
                         must_have_launched=True):
    return lambda f: f


def reject_instance_state(vm_state=None, task_state=None):
    return lambda f: f


def check_instance_lock(f):
    return f


def check_instance_host(check_is_up=False):
    return lambda f: f


class API:
    @check_instance_lock
    @check_instance_host(check_is_up=True)
    @check_instance_state(vm_state=vm_states.ALLOW_STOP)
    def stop(self, context, instance):
        instance.task_state = task_states.POWERING_OFF
        instance.save(expected_task_state=[None])

    @check_instance_state(vm_state=[vm_states.ACTIVE],
                          task_state=task_states.MAY_INTERRUPT,
                          must_have_launched=False)
    def resize(self, context, instance):
        instance.task_state = task_states.RESIZING
        instance.save(expected_task_state=task_states.MAY_INTERRUPT)

    @check_instance_state(task_state=None)
    def delete(self, context, instance):
        self._delete(context, instance, task_state=task_states.DELETING)

    @check_instance_state(task_state=None)
    def soft_delete(self, context, instance):
        self._delete(context, instance, task_state=task_states.SOFT_DELETING)

    def _delete(self, context, instance, **instance_attrs):
        instance.update(instance_attrs)
        instance.save()

    @reject_instance_state(task_state=[task_states.DELETING])
    def console(self, context, instance):
        if instance.vm_state != vm_states.ACTIVE:
            raise exception.InstanceInvalidState(attr='vm_state')
""",
    "nova/compute/manager.py": """
import contextlib
import functools

from nova.compute import power_state
from nova.compute import task_states
from nova.compute import vm_states
from nova import exception
from nova import utils
from oslo_utils import excutils


def reverts_task_state(function):
    @functools.wraps(function)
    def decorated_function(self, context, *args, **kwargs):
        try:
            return function(self, context, *args, **kwargs)
        except Exception:
            with excutils.save_and_reraise_exception():
                self._instance_update(context, kwargs['instance'],
                                      task_state=None)
    return decorated_function


class ComputeManager:
    def _get_power_state(self, instance):
        return self.driver.get_info(instance).state

    def _instance_update(self, context, instance, **kwargs):
        for k, v in kwargs.items():
            setattr(instance, k, v)
        instance.save()

    def _set_instance_obj_error_state(self, instance, clean_task_state=False):
        instance.vm_state = vm_states.ERROR
        if clean_task_state:
            instance.task_state = None
        instance.save()

    @contextlib.contextmanager
    def _error_out_instance_on_exception(self, context, instance,
                                         instance_state=vm_states.ACTIVE):
        try:
            yield
        except NotImplementedError:
            self._instance_update(context, instance,
                                  vm_state=instance_state, task_state=None)
        except Exception:
            with excutils.save_and_reraise_exception():
                self._set_instance_obj_error_state(instance)

    @reverts_task_state
    def stop_instance(self, context, instance):
        @utils.synchronized(instance.uuid)
        def do_stop_instance():
            expected = [task_states.POWERING_OFF]
            if self._get_power_state(instance) == power_state.SHUTDOWN:
                expected.append(None)
            instance.power_state = self._get_power_state(instance)
            instance.vm_state = vm_states.STOPPED
            instance.task_state = None
            instance.save(expected_task_state=expected)
        do_stop_instance()

    def resize_instance(self, context, instance, power_on):
        old = instance.vm_state
        with self._error_out_instance_on_exception(
                context, instance, instance_state=old):
            self.driver.resize(instance)
        vm_state = vm_states.ACTIVE if power_on else vm_states.STOPPED
        self._after(instance, vm_state)
        instance.save(expected_task_state=task_states.RESIZING)

    def _after(self, instance, vm_state):
        instance.vm_state = vm_state
        instance.task_state = None

    def snapshot_instance(self, context, instance):
        def do_snapshot(context, instance, expected):
            self._snapshot(context, instance, expected)
        self.executor.submit(do_snapshot, context, instance,
                             task_states.IMAGE_SNAPSHOT)

    def _snapshot(self, context, instance, expected):
        def update_task_state(task_state, expected_state=expected):
            instance.task_state = task_state
            instance.save(expected_task_state=expected_state)
        self.driver.snapshot(context, instance, update_task_state)

    def _init_instance(self, context, instance):
        if instance.host != self.host:
            return
        if (instance.vm_state == vm_states.BUILDING or
                instance.task_state in [task_states.IMAGE_UPLOADING]):
            self._set_instance_obj_error_state(instance, clean_task_state=True)
            return
        if instance.task_state == task_states.POWERING_OFF:
            self.stop_instance(context, instance)
            return
        if instance.task_state == task_states.RESIZING:
            instance.task_state = None
            instance.save()

    def _stop_unexpected_shutdown_instance(self, context, db_instance):
        self.compute_api.stop(context, db_instance)

    def _sync_instance_power_state(self, context, db_instance,
                                   vm_power_state):
        vm_state = db_instance.vm_state
        if self.host != db_instance.host:
            return
        elif db_instance.task_state is not None:
            return
        if vm_power_state != db_instance.power_state:
            db_instance.power_state = vm_power_state
            db_instance.save()
        if vm_state in (vm_states.BUILDING, vm_states.ERROR):
            pass
        elif vm_state == vm_states.ACTIVE:
            if vm_power_state == power_state.SHUTDOWN:
                self._stop_unexpected_shutdown_instance(context, db_instance)
        elif vm_state == vm_states.STOPPED:
            if vm_power_state not in (power_state.NOSTATE,
                                      power_state.SHUTDOWN):
                self.compute_api.force_stop(context, db_instance)

    def sync(self, context, db_instance):
        reported = self.driver.get_info(db_instance).state
        self._sync_instance_power_state(context, db_instance, reported)
""",
    "nova/virt/fake.py": """
from nova.compute import task_states


class FakeDriver:
    def snapshot(self, context, instance, update_task_state):
        update_task_state(task_state=task_states.IMAGE_UPLOADING)
        update_task_state(task_state=None,
                          expected_state=task_states.IMAGE_UPLOADING)
""",
    "nova/api/openstack/common.py": """
from nova.compute import task_states
from nova.compute import vm_states

_STATE_MAP = {
    vm_states.ACTIVE: {
        'default': 'ACTIVE',
        task_states.RESIZING: 'RESIZE',
    },
    vm_states.BUILDING: {'default': 'BUILD'},
    vm_states.STOPPED: {'default': 'SHUTOFF'},
    vm_states.SOFT_DELETED: {'default': 'SOFT_DELETED'},
    vm_states.ERROR: {'default': 'ERROR'},
}


def status_from_state(vm_state, task_state='default'):
    return _STATE_MAP[vm_state].get(task_state, 'default')
""",
}


def write_tree(root: Path, *changes: tuple[str, str, str]) -> Path:
    """The tree under *root*, with each (file, old text, new text) of *changes* made; the old text must be there."""
    files = dict(FILES)
    for file, old, new in changes:
        assert files[file].count(old) == 1, f"{old!r} stands {files[file].count(old)} times in {file}"
        files[file] = files[file].replace(old, new)
    for file, text in files.items():
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def line_of(file: str, text: str) -> int:
    """The number of the first line of *file* that holds *text*."""
    return next(n for n, line in enumerate(FILES[file].splitlines(), start=1) if text in line)
