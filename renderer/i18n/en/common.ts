export const common = {
  app: 'Causeway',
  navigation: 'Screens',
  cancel: 'Cancel',
  close: 'Close',
  remove: 'Remove',
  undo: 'Undo',
  working: 'Working …',
  tryAgain: 'Try again',
  who: {
    user: 'You can fix this',
    it: 'Your IT department has to act',
    network: 'Whoever runs this network has to act',
    makers: 'This is a fault of Causeway',
  },
  next: 'What to do',
  service: {
    connecting: 'Looking for the service of Causeway …',
    absentTitle: 'The service of Causeway is not running',
    absentBody:
      'The service makes the connections; without it nothing can be connected. This window looks for it all the time. If it does not come back by itself, restart the computer or ask your IT department.',
    noAccessTitle: 'You may not use Causeway on this computer yet',
    noAccessBody:
      'The service is for the members of the group “causeway”, and you are not in it. Ask your IT department to add you, then log out and in again.',
    untrustedTitle: 'Something else answers in place of the service',
    untrustedBody:
      'What listens where the service should does not belong to the administrator of this computer. Causeway does not talk to it. Tell your IT department.',
    otherVersionTitle: 'The app and the service do not understand each other',
    otherVersionBody:
      'One of them is older than the other. Update Causeway, and restart the computer so that both are of the same version.',
    olderService:
      'The service ({{service}}) is older than this app ({{app}}). If Causeway was updated just now, restart the computer: the new service starts with it. Otherwise install the same version of both.',
    olderApp:
      'This app ({{app}}) is older than the service ({{service}}). If Causeway was updated just now, restart the app; a connection stays. Otherwise install the same version of both.',
    restartApp: 'Restart the app',
  },
} as const;
