/** One option of the studio's device list. `deviceId`: empty where it stands for no particular device. */
export interface DeviceOption {
  readonly deviceId: string;
  readonly label: string;
  readonly isSelected: boolean;
}

/**
 * Returns the options of the device list. A list must not show a device that is not open: choosing the option that is displayed
 * already does nothing.
 *
 * @param microphones the devices that are there, with their names, which may be empty
 * @param selected the id of the device to show as chosen; if it is not there, the list asks for a choice. Null: none was chosen yet,
 *   and the list shows the first
 */
export function deviceOptions(
  microphones: readonly { readonly deviceId: string; readonly label: string }[],
  selected: string | null,
): readonly DeviceOption[] {
  const options = microphones.map(({ deviceId, label }, index) => ({
    deviceId,
    label: label || `Microphone ${index + 1}`,
    isSelected: deviceId === (selected ?? microphones[0]?.deviceId),
  }));
  if (selected !== null && !options.some(({ isSelected }) => isSelected))
    return [{ deviceId: "", label: "Choose a microphone", isSelected: true }, ...options];
  return options.length > 0 ? options : [{ deviceId: "", label: "Default microphone", isSelected: true }];
}
